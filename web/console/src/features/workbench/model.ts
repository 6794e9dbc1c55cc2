// Figures of the workbench as people read them. The platform gives whole numbers and pairs of sums; only here are they divided.
import type { Schemas } from "@/api/client";

export type Workbench = Schemas["WorkbenchOut"];
export type Day = Schemas["DayFiguresOut"];
export type Ratio = Schemas["RatioOut"];
export type Ranked = Schemas["StationFiguresOut"];

export const revenueFen = (figures: { energy_fee_fen: number; service_fee_fen: number }): number => figures.energy_fee_fen + figures.service_fee_fen;

/** 97.5 of {39, 40}; null when there is nothing to divide by. */
export function share(ratio: Ratio): number | null {
  return ratio.denominator > 0 ? Math.round((ratio.numerator * 1000) / ratio.denominator) / 10 : null;
}

/** By how many per cent it is more (or less) than before; null when before there was nothing. */
export function change(now: number | null, before: number | null): number | null {
  if (now === null || before === null || before === 0) return null;
  return Math.round(((now - before) * 1000) / before) / 10;
}

/** The load of a day with what flows at this moment at its end. */
export function withNow(points: { at: string; power_w: number }[], at: string, powerW: number): { at: string; power_w: number }[] {
  const last = points[points.length - 1];
  const known = last && Date.parse(last.at) >= Date.parse(at) ? points.slice(0, -1) : points;
  return [...known, { at, power_w: powerW }];
}

/** Marks of a value axis in kWh, yuan or a count: whole numbers stay whole. */
export const MEASURES = ["energy", "revenue", "orders"] as const;
export type Measure = (typeof MEASURES)[number];
