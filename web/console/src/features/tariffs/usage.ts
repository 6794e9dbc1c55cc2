// A charge of an e-bike as one types it, to be priced.
import type { Schemas } from "@/api/client";
import { whole } from "@/ui/amount";

const LONGEST_S = 65_535;
const MOST_W = 6_500;

export interface UsageForm {
  minutes: string;
  power: string;
  /** "30 180" a line: until minute 30, 180 W on average. */
  steps: string;
}

export interface UsageTyped {
  charged_s: number;
  max_power_w: number;
  intervals: Schemas["IntervalBody"][];
  /** Which field is no number, or does not fit the others. */
  wrong: "" | "minutes" | "power" | "steps";
}

export function usageOf(form: UsageForm): UsageTyped {
  const minutes = whole(form.minutes, 0, Math.trunc(LONGEST_S / 60));
  const power = whole(form.power, 0, MOST_W);
  const none: UsageTyped = { charged_s: 0, max_power_w: 0, intervals: [], wrong: "" };
  if (minutes === undefined) return { ...none, wrong: "minutes" };
  if (power === undefined) return { ...none, wrong: "power" };
  const intervals: Schemas["IntervalBody"][] = [];
  for (const line of form.steps.split("\n").filter((text) => text.trim())) {
    const [until, watts, ...more] = line.trim().split(/[\s,;]+/).map((text) => whole(text, 0));
    const last = intervals[intervals.length - 1]?.until_s ?? 0;
    if (until === undefined || watts === undefined || more.length || watts > MOST_W || until > minutes || until * 60 <= last) return { ...none, wrong: "steps" };
    intervals.push({ until_s: until * 60, avg_power_w: watts, max_power_w: watts, floating: false });
  }
  return { charged_s: minutes * 60, max_power_w: Math.max(power, ...intervals.map((one) => one.max_power_w)), intervals, wrong: "" };
}
