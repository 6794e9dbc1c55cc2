// Alarms that are not closed. Who works for the whole operator is told of each change; who is limited to some stations
// asks every few seconds, because what is told there is of all stations.
import { useQuery } from "@tanstack/vue-query";
import { computed } from "vue";
import { api, ok } from "@/api/client";
import { useTopic } from "@/app/live";
import { limited, may, session } from "@/app/session";

export type LiveAlarm = { kind: string; level: "notice" | "warning" | "critical"; state: string; charge_point_code?: string; connector_no?: number; last_at: string };
type Told = { alarms?: Record<string, LiveAlarm> };
const ASK_EVERY_MS = 15_000;
const SHOWN = 200;

/** By id: of devices, or of money for who may see it. */
export function useOpenAlarms(about: "devices" | "money" = "devices") {
  const mine = computed(() => Boolean(session.me) && may("alarms.read") && (about === "devices" || may("wallets.read")));
  const prefix = about === "devices" ? "alarms" : "money-alarms";
  const { state: told } = useTopic<Told>(() => (mine.value && !limited.value ? `${prefix}:${session.me?.staff.operator_id}` : null));
  const asked = useQuery({
    queryKey: ["alarms", "open", about],
    enabled: computed(() => mine.value && limited.value),
    queryFn: async () => {
      const states = ["open", "acknowledged"] as const;
      const pages = await Promise.all(states.map((state) => ok(api.GET("/api/v1/alarms", { params: { query: { state, about, limit: SHOWN } } }))));
      return Object.fromEntries(pages.flatMap((page) => page.items).map((one) => [String(one.id), one])) as Record<string, LiveAlarm>;
    },
    refetchInterval: ASK_EVERY_MS,
  });
  return computed<Record<string, LiveAlarm>>(() => (limited.value ? asked.data.value : told.value?.alarms) ?? {});
}
