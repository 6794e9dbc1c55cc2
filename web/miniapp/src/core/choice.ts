// What a driver of a car may ask for, and whether it can be paid.
import { fenOf } from "./money";
import { mwhOf } from "./energy";
import type { Wish, WishKind } from "./plan";

export const CAR_KINDS: WishKind[] = ["none", "money", "energy", "minutes", "soc"];

export const CAR_PRESETS: Record<WishKind, number[]> = {
  none: [],
  money: [2000, 3000, 5000, 10_000],
  energy: [10_000_000, 20_000_000, 30_000_000, 50_000_000],
  minutes: [15, 30, 60, 120],
  soc: [80, 85, 90, 95],
};

const RANGE: Record<WishKind, [number, number]> = {
  none: [0, 0],
  money: [100, 100_000],
  energy: [100_000, 999_000_000],
  minutes: [1, 1440],
  soc: [10, 100],
};

/** A typed value of a kind as the API counts it, or null when it does not fit. */
export function typedValue(kind: WishKind, typed: string): number | null {
  const value = kind === "money" ? fenOf(typed) : kind === "energy" ? mwhOf(typed) : /^\d{1,4}$/.test(typed.trim()) ? Number(typed) : null;
  if (value === null) return null;
  const [least, most] = RANGE[kind];
  return least <= value && value <= most ? value : null;
}

export interface Purse {
  available_fen: number;
  arrears_fen: number;
}

/** What has to be paid in before this can start, in fen; 0 when nothing. */
export function missingFen(purse: Purse, neededFen: number): number {
  return purse.arrears_fen + Math.max(0, neededFen - purse.available_fen);
}

/** What a wish needs at least: its amount, or what every start needs. */
export function neededFen(wish: Wish, leastFen: number): number {
  return wish.kind === "money" ? Math.max(wish.value, leastFen) : leastFen;
}
