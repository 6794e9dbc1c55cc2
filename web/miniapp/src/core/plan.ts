// The price list of a place for e-bikes: by time in tiers of power, by energy, or by use.
import { sum, units } from "./money";

export type Basis = "time" | "energy" | "per_use";
export interface Tier {
  max_power_w?: number | null;
  fen_per_hour: number;
}
export interface Plan {
  basis: Basis;
  tiers: Tier[];
  energy_yuan_per_kwh: string;
  service_yuan_per_kwh: string;
  per_use_fen: number;
  full_hold_fen: number;
  min_charge_fen: number;
  free_s: number;
  max_duration_s: number;
  max_power_w: number;
}

export type WishKind = "none" | "money" | "energy" | "minutes" | "soc";
export interface Wish {
  kind: WishKind;
  /** fen, mWh, minutes or per cent. */
  value: number;
}

/** What may be asked for under a plan, the most usual first; the server refuses the others. */
export function kindsOf(plan: Plan): WishKind[] {
  return { time: ["minutes", "money", "none"], energy: ["energy", "money", "none"], per_use: ["none"] }[plan.basis] as WishKind[];
}

/** The lowest tier of power, which what is paid in advance is reckoned by. */
export function lowestFenPerHour(plan: Plan): number {
  return plan.tiers[0]?.fen_per_hour ?? 0;
}

/** What is set aside for a wish, in fen; the same rule as the server's, which has the last word. */
export function advanceFen(plan: Plan, wish: Wish): number {
  switch (wish.kind) {
    case "money":
      return wish.value;
    case "minutes":
      return Math.ceil((wish.value * lowestFenPerHour(plan)) / 60);
    case "energy":
      return Math.ceil((wish.value * units(sum(plan.energy_yuan_per_kwh, plan.service_yuan_per_kwh))) / 1_000_000_000);
    default:
      return plan.basis === "per_use" ? plan.per_use_fen : plan.full_hold_fen;
  }
}

/** Minutes that an amount buys at the lowest tier, or null where time is not what is priced. */
export function minutesFor(plan: Plan, fen: number): number | null {
  const perHour = lowestFenPerHour(plan);
  return plan.basis === "time" && perHour ? Math.floor((fen * 60) / perHour) : null;
}

/** Presets for a kind under a plan, within its longest time. */
export function presets(plan: Plan, kind: WishKind): number[] {
  const most = Math.floor(plan.max_duration_s / 60);
  if (kind === "minutes") return [60, 120, 240, 360, 480, 600].filter((minutes) => minutes <= most);
  if (kind === "money") return [100, 200, 300, 500];
  if (kind === "energy") return [500_000, 1_000_000, 1_500_000, 2_000_000];
  return [];
}
