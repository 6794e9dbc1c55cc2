import { useQuery } from "@tanstack/vue-query";
import { computed } from "vue";
import { api, ok } from "@/api/client";
import { may } from "@/app/session";

/** Stations to choose from, and what one is called. */
export function useStationNames() {
  const query = useQuery({
    queryKey: ["stations", "names"],
    enabled: computed(() => may("stations.read")),
    queryFn: () => ok(api.GET("/api/v1/stations", { params: { query: { limit: 200 } } })),
    staleTime: 60_000,
  });
  const stations = computed(() => query.data.value?.items ?? []);
  const names = computed(() => new Map(stations.value.map((one) => [one.id, one.name])));
  return { stations, stationName: (id: number) => names.value.get(id) ?? `#${id}` };
}
