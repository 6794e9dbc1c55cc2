// A day of 48 half hours in four bands, its prices, and what a charge is cut into to be priced.
import type { Schemas } from "@/api/client";
import { price, SI_DIGITS, whole } from "@/ui/amount";

export type Band = "sharp" | "peak" | "flat" | "valley";
export type Version = Schemas["VersionOut"];
export type PlanVersion = Schemas["PlanVersionOut"];
export type Plan = Schemas["PlanBody"];
export type Assignment = Schemas["AssignmentOut"];

/** In the order of the keys 1 to 4. */
export const BANDS: Band[] = ["sharp", "peak", "flat", "valley"];
export const HALF_HOURS = 48;
const HALF_HOUR_MS = 1_800_000;
/** A price list is for the Beijing day, wherever the browser is. */
const BEIJING_MS = 8 * 3_600_000;

export const VERSION_TONES = { active: "good", pending: "busy", expired: "quiet", cancelled: "quiet" } as const;
export const PUSH_TONES: Record<string, "good" | "busy" | "warn" | "bad" | "quiet"> = {
  waiting: "busy", sent: "busy", done: "good", refused: "bad", unanswered: "bad", expired: "warn", offline: "quiet", unsupported: "quiet",
};

/** When a half hour begins: 17 → "08:30"; 48 is the end of the day. */
export const clockOf = (halfHour: number): string => `${String(Math.trunc(halfHour / 2)).padStart(2, "0")}:${halfHour % 2 ? "30" : "00"}`;

export interface Run {
  from: number;
  /** The half hour behind the last. */
  to: number;
  band: Band;
}

/** A day as stretches of one band, from midnight on. */
export function runsOf(halfHours: Band[]): Run[] {
  const runs: Run[] = [];
  halfHours.forEach((band, index) => {
    const last = runs[runs.length - 1];
    if (last?.band === band) last.to = index + 1;
    else runs.push({ from: index, to: index + 1, band });
  });
  return runs;
}

/** The day with one band from one half hour to another, both counted, whichever comes first. */
export function painted(halfHours: Band[], one: number, other: number, band: Band): Band[] {
  const [from, to] = [Math.min(one, other), Math.max(one, other)];
  return halfHours.map((now, index) => (index >= from && index <= to ? band : now));
}

const MOVES: Record<string, number> = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -24, ArrowDown: 24 };

/** Where a key leads from a half hour, in two rows of twelve hours; undefined for keys that lead nowhere. */
export function moved(key: string, at: number): number | undefined {
  if (key === "Home") return 0;
  if (key === "End") return HALF_HOURS - 1;
  const by = MOVES[key];
  if (by === undefined) return undefined;
  const next = at + by;
  return next < 0 || next >= HALF_HOURS ? at : next;
}

export interface PriceText {
  energy: string;
  service: string;
}
export type Prices = Record<Band, PriceText>;

/** A price as it was typed in si; undefined when it is none: at most 100 yuan, at most five digits. */
export const priceSi = (text: string): number | undefined => whole(text, SI_DIGITS, 10_000_000);

/** What keeps a price list from being written: bands whose price is missing or no price. */
export function unpriced(halfHours: Band[], prices: Prices): Band[] {
  const used = new Set(halfHours);
  return BANDS.filter((band) => {
    const { energy, service } = prices[band];
    const empty = !energy.trim() && !service.trim();
    if (empty) return used.has(band);
    return priceSi(energy) === undefined || priceSi(service) === undefined;
  });
}

/** The prices of a version as one types them. */
export function pricesOf(version: Version | null): Prices {
  const of = (band: Band) => ({ energy: version ? price(version.bands[band].energy_yuan_per_kwh) : "", service: version ? price(version.bands[band].service_yuan_per_kwh) : "" });
  return { sharp: of("sharp"), peak: of("peak"), flat: of("flat"), valley: of("valley") };
}

/** A version to be written, as the platform takes it. */
export function versionBody(halfHours: Band[], prices: Prices, effectiveFrom: Date | null): Schemas["NewVersionBody"] {
  const filled = BANDS.filter((band) => prices[band].energy.trim() !== "");
  return {
    half_hours: halfHours,
    bands: Object.fromEntries(filled.map((band) => [band, { energy_yuan_per_kwh: prices[band].energy.trim(), service_yuan_per_kwh: prices[band].service.trim() }])),
    effective_from: effectiveFrom ? effectiveFrom.toISOString() : undefined,
  };
}

export interface Segment {
  start: string;
  energy_mwh: number;
}

/** Power that lasts until the next step, or until the charge ends. */
export interface PowerStep {
  at_ms: number;
  power_w: number;
}

/** Where half hours begin between two moments; both of these belong to it. */
function cuts(startMs: number, endMs: number): number[] {
  const found = [startMs];
  let next = Math.floor((startMs + BEIJING_MS) / HALF_HOUR_MS + 1) * HALF_HOUR_MS - BEIJING_MS;
  for (; next < endMs; next += HALF_HOUR_MS) found.push(next);
  found.push(endMs);
  return found;
}

/** So much energy, spread evenly from one moment to another: its parts in each half hour, which sum up to it. */
export function evenly(startMs: number, endMs: number, energyMwh: number): Segment[] {
  const at = cuts(startMs, endMs);
  const until = (ms: number) => Number((BigInt(energyMwh) * BigInt(ms - startMs)) / BigInt(endMs - startMs));
  return at.slice(0, -1).map((from, index) => ({ start: new Date(from).toISOString(), energy_mwh: until(at[index + 1] as number) - until(from) }));
}

/** The energy of a power curve in each half hour. One W for one ms is 1/3,600 mWh; what is left over goes to the next half hour. */
export function alongCurve(steps: PowerStep[], endMs: number): Segment[] {
  const first = steps[0];
  if (!first) return [];
  const workUntil = (ms: number) =>
    steps.reduce((sum, step, index) => {
      const to = Math.min(steps[index + 1]?.at_ms ?? endMs, ms);
      return sum + (to > step.at_ms ? step.power_w * (to - step.at_ms) : 0);
    }, 0);
  const mwhUntil = (ms: number) => Math.floor(workUntil(ms) / 3_600);
  const at = cuts(first.at_ms, endMs);
  return at.slice(0, -1).map((from, index) => ({ start: new Date(from).toISOString(), energy_mwh: mwhUntil(at[index + 1] as number) - mwhUntil(from) }));
}

/** "00:00 60" a line: minutes into the charge and kilowatts; what is wrong is named by its line. */
export function curveOf(text: string, startMs: number): { steps: PowerStep[]; wrong: number[] } {
  const steps: PowerStep[] = [];
  const wrong: number[] = [];
  text.split("\n").forEach((line, index) => {
    if (!line.trim()) return;
    const match = /^\s*(\d{1,4})(?::(\d\d))?[\s,;]+(\d+(?:\.\d+)?)\s*$/.exec(line);
    const minutes = match ? (match[2] === undefined ? Number(match[1]) : Number(match[1]) * 60 + Number(match[2])) : 0;
    const power = match ? whole(match[3] as string, 3, 1_000_000) : undefined;
    const at_ms = startMs + minutes * 60_000;
    const last = steps[steps.length - 1];
    if (power === undefined || (last ? at_ms <= last.at_ms : minutes !== 0)) wrong.push(index + 1);
    else steps.push({ at_ms, power_w: power });
  });
  return { steps, wrong };
}
