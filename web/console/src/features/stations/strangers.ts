import { useQuery } from "@tanstack/vue-query";
import { computed } from "vue";
import { api, ok, type Schemas } from "@/api/client";
import { mayForAll } from "@/app/session";

export type Stranger = Schemas["StrangerOut"];

/** How many charge points wait to be entered; "20+" from there on, empty when there are none or they are not ours to see. */
export function useStrangerCount() {
  const page = useQuery({
    queryKey: ["strangers", "count"],
    enabled: computed(() => mayForAll("stations.write")),
    queryFn: () => ok(api.GET("/api/v1/unknown-charge-points", { params: { query: { ignored: false, limit: 20 } } })),
    retry: false,
    refetchInterval: 60_000,
  });
  return computed(() => {
    const found = page.error.value ? undefined : page.data.value;
    if (!found?.items.length) return "";
    return found.next ? "20+" : String(found.items.length);
  });
}
