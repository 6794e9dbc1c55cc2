// Everybody who charges just now, asked every few seconds: what the wall needs beside the states of connectors.
import { useQuery } from "@tanstack/vue-query";
import { computed } from "vue";
import { api, ok } from "@/api/client";
import { may } from "@/app/session";
import { everything } from "@/ui/table";
import type { Session } from "./model";

const MOST = 4000;

export type Flow = Pick<Session, "power_w" | "soc_pct" | "energy_mwh" | "order_no" | "session_no" | "station_id">;

/** What flows where, by "code/number". */
export function useRunning() {
  const query = useQuery({
    queryKey: ["sessions", "running"],
    enabled: computed(() => may("orders.read")),
    queryFn: () => everything<Session>((asked) => ok(api.GET("/api/v1/sessions", { params: { query: asked as never } })), { state: "charging" }, () => {}, MOST),
    refetchInterval: 5000,
    staleTime: 4000,
  });
  const flows = computed(() => new Map((query.data.value?.rows ?? []).map((one) => [`${one.charge_point_code}/${one.connector_no}`, one as Flow])));
  return { query, flows };
}
