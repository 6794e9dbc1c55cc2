// Who did something: the API says `staff:3`, people read a name. All names of one's operator come at once and are kept.
import { useQuery } from "@tanstack/vue-query";
import { computed } from "vue";
import { api, ok } from "@/api/client";

/** A name in place of `staff:3`, or what is written behind `staff:`; everything else, and whoever is not of this operator, as it is. */
export function named(by: string | null | undefined, names: ReadonlyMap<string, string>): string {
  return names.get(by ?? "") ?? by?.replace(/^staff:(?!\d+$)/, "") ?? "";
}

/** `const who = useNames(); who(row.created_by)`. */
export function useNames(): (by: string | null | undefined) => string {
  const found = useQuery({ queryKey: ["staff-names"], queryFn: () => ok(api.GET("/api/v1/staff-names")), staleTime: 60_000 });
  const names = computed(() => new Map((found.data.value?.items ?? []).map((one) => [`staff:${one.id}`, one.name])));
  return (by) => named(by, names.value);
}
