export type LimitKind = "none" | "money" | "energy" | "minutes" | "soc";

/** Digits behind the point that the platform's whole numbers have: fen, mWh, minutes, per cent. */
const SCALE: Record<LimitKind, number> = { none: 0, money: 2, energy: 6, minutes: 0, soc: 0 };
const MOST: Record<LimitKind, number> = { none: 0, money: 1_000_000, energy: 1_000_000_000, minutes: 1440, soc: 100 };

/** A limit as it was typed (yuan, kWh, minutes, per cent) as the whole number that is sent; undefined when it is none. */
export function limitValue(kind: LimitKind, text: string): number | undefined {
  if (kind === "none") return 0;
  const match = /^(\d{1,7})(?:\.(\d+))?$/.exec(text);
  const digits = SCALE[kind];
  if (!match || (match[2] ?? "").length > digits) return undefined;
  const value = Number(`${match[1]}${(match[2] ?? "").padEnd(digits, "0")}`);
  return value > 0 && value <= MOST[kind] ? value : undefined;
}
