// Lists that the platform makes into files by itself.
import { useQuery } from "@tanstack/vue-query";
import { computed } from "vue";
import { api, ok, type Schemas } from "@/api/client";
import { may } from "@/app/session";
import type { Query } from "./table";

export type Exportable = Schemas["ExportListOut"];
export type Export = Schemas["ExportOut"];

export const isOpen = (one: Pick<Export, "state">): boolean => one.state === "waiting" || one.state === "running";
export const TONES = { waiting: "quiet", running: "busy", done: "good", failed: "bad" } as const;

export const fileAddress = (id: number): string => `/api/v1/exports/${id}/file`;

/** 1536000 → 1.5 MB */
export function size(bytes: number): string {
  if (bytes < 1_000_000) return `${Math.ceil(bytes / 1000)} kB`;
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}

/** Filters as an export takes them: text, and only those that are set. */
export function asFilters(query: Query): Record<string, string> {
  const filters: Record<string, string> = {};
  for (const [name, value] of Object.entries(query)) if (value !== undefined && value !== "") filters[name] = String(value);
  return filters;
}

/** What the platform knows of a list of this name, if whoever is signed in may have it as a file. */
export function useExportable(name: () => string) {
  const lists = useQuery({
    queryKey: ["exportable"],
    enabled: computed(() => may("exports.write")),
    queryFn: () => ok(api.GET("/api/v1/exports/lists")),
    staleTime: 3_600_000,
  });
  return computed(() => lists.data.value?.items.find((one) => one.name === name()));
}
