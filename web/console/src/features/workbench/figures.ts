// What the workbench and the wall screen ask: few questions, at a pace the figures change with, and none while nobody looks.
import { useQuery } from "@tanstack/vue-query";
import { toValue, type MaybeRefOrGetter } from "vue";
import { api, ok } from "@/api/client";
import type { Measure } from "./model";

const MINUTE_MS = 60_000;

export function useWorkbench(everyMs: number) {
  return useQuery({ queryKey: ["statistics", "workbench"], queryFn: () => ok(api.GET("/api/v1/statistics/workbench")), refetchInterval: everyMs });
}

export function useLoad() {
  return useQuery({ queryKey: ["statistics", "load"], queryFn: () => ok(api.GET("/api/v1/statistics/load")), refetchInterval: MINUTE_MS });
}

export function useTrend(days: MaybeRefOrGetter<"7" | "30">) {
  return useQuery({
    queryKey: ["statistics", "trend", () => toValue(days)],
    queryFn: () => ok(api.GET("/api/v1/statistics/trend", { params: { query: { days: toValue(days) } } })),
    refetchInterval: 5 * MINUTE_MS,
  });
}

export function useRanking(days: MaybeRefOrGetter<"7" | "30">, by: MaybeRefOrGetter<Measure>, limit = 5) {
  return useQuery({
    queryKey: ["statistics", "ranking", () => toValue(days), () => toValue(by), limit],
    queryFn: () => ok(api.GET("/api/v1/statistics/ranking", { params: { query: { days: toValue(days), by: toValue(by), limit } } })),
    refetchInterval: 5 * MINUTE_MS,
  });
}
