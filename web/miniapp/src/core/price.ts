// The price list of a station for cars: 48 half hours of a Beijing day, each in one of four bands.
import { minuteOfDay } from "./time";
import { sum, units } from "./money";

export type Band = "sharp" | "peak" | "flat" | "valley";
export interface BandPrice {
  energy_yuan_per_kwh: string;
  service_yuan_per_kwh: string;
}
export interface PriceList {
  bands: Record<Band, BandPrice>;
  half_hours: Band[];
}

export interface Period {
  /** Half hours from Beijing's midnight; `until` is behind the last. */
  from: number;
  until: number;
  band: Band;
  energy: string;
  service: string;
  /** Electricity and service together. */
  total: string;
  current: boolean;
}

/** Neighbouring half hours of one band together, with the one that counts now marked. */
export function periods(list: PriceList, nowMs: number): Period[] {
  const now = halfHourNow(nowMs);
  const found: Period[] = [];
  list.half_hours.forEach((band, index) => {
    const last = found[found.length - 1];
    if (last && last.band === band) last.until = index + 1;
    else found.push({ from: index, until: index + 1, band, ...priceOf(list, band), current: false });
  });
  for (const period of found) period.current = period.from <= now && now < period.until;
  return found;
}

export function priceOf(list: PriceList, band: Band): { energy: string; service: string; total: string } {
  const { energy_yuan_per_kwh: energy, service_yuan_per_kwh: service } = list.bands[band];
  return { energy, service, total: sum(energy, service) };
}

export function halfHourNow(nowMs: number): number {
  return Math.floor(minuteOfDay(nowMs) / 30);
}

export interface PriceNow {
  band: Band;
  energy: string;
  service: string;
  total: string;
  /** When another price comes, as a half hour (48 is midnight), and whether it is higher; null when the day has one price. */
  next: { at: number; total: string; dearer: boolean } | null;
}

export function priceNow(list: PriceList, nowMs: number): PriceNow {
  const now = halfHourNow(nowMs);
  const band = list.half_hours[now] ?? "flat";
  const price = priceOf(list, band);
  for (let step = 1; step < 48; step += 1) {
    const at = (now + step) % 48;
    const next = priceOf(list, list.half_hours[at] ?? band);
    if (next.total !== price.total) {
      return { band, ...price, next: { at: at || 48, total: next.total, dearer: units(next.total) > units(price.total) } };
    }
  }
  return { band, ...price, next: null };
}
