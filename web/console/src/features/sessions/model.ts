import type { Schemas } from "@/api/client";

export type Session = Schemas["SessionOut"];

export const STATES = [
  "charging", "starting", "awaiting_plug", "requested", "unconfirmed", "stopping", "awaiting_record", "unauthorised", "recorded", "estimated", "rejected", "failed",
] as const;

const TONES: Record<string, "good" | "busy" | "warn" | "bad" | "quiet"> = {
  charging: "busy", starting: "warn", requested: "warn", awaiting_plug: "warn", unconfirmed: "warn", stopping: "warn", awaiting_record: "warn",
  unauthorised: "bad", rejected: "bad", failed: "bad", recorded: "good", estimated: "good",
};

export const toneOf = (state: string) => TONES[state] ?? "quiet";

/** States in which energy may flow, so that somebody may want to stop it. */
export const canStop = (state: string): boolean => ["charging", "starting", "awaiting_plug", "unconfirmed", "requested"].includes(state);

/** A charge that lasts longer than this is looked at: cars are full by then. */
export const OVER_TIME_S = 10 * 3600;

export const isOverTime = (session: Pick<Session, "state" | "charged_s">): boolean => session.state === "charging" && session.charged_s > OVER_TIME_S;

/** At most so many of a long row, evenly taken, with the first and the last. */
export function thinned<T>(row: T[], most: number): T[] {
  if (row.length <= most) return row;
  const step = (row.length - 1) / (most - 1);
  return Array.from({ length: most }, (_, index) => row[Math.round(index * step)] as T);
}

/** A value that battery and charger told each other, as people read it: units stand in the name. */
export function readable(name: string, value: unknown): { value: string; unit: string } {
  if (typeof value === "boolean") return { value: value ? "✓" : "✗", unit: "" };
  if (Array.isArray(value)) return { value: value.length ? value.join(", ") : "—", unit: "" };
  if (typeof value === "number") {
    const [, unit] = /_(mv|ma|mah|mwh|pct|permille|c|s|kw|w)$/.exec(name) ?? [];
    if (unit === "mv") return { value: (value / 1000).toFixed(name.startsWith("cell") ? 3 : 1), unit: "V" };
    if (unit === "ma") return { value: (value / 1000).toFixed(1), unit: "A" };
    if (unit === "mah") return { value: (value / 1000).toFixed(1), unit: "Ah" };
    if (unit === "mwh") return { value: (value / 1_000_000).toFixed(2), unit: "kWh" };
    if (unit === "permille") return { value: (value / 10).toFixed(1), unit: "%" };
    if (unit) return { value: String(value), unit: { pct: "%", c: "°C", s: "s", kw: "kW", w: "W" }[unit] ?? "" };
    return { value: String(value), unit: "" };
  }
  return { value: value == null || value === "" ? "—" : String(value), unit: "" };
}
