// How numbers and moments are written. Money comes as integer fen, energy as integer mWh.
import { settings } from "@/app/settings";

export const NOTHING = "—";

const twoDigits = (value: number) => String(value).padStart(2, "0");

/** 12345 → 123.45 */
export function yuan(fen: number | null | undefined): string {
  if (fen == null) return NOTHING;
  const whole = Math.trunc(Math.abs(fen) / 100);
  return `${fen < 0 ? "-" : ""}${whole.toLocaleString("en-US")}.${twoDigits(Math.abs(fen) % 100)}`;
}

/** 1234567 mWh → 1.23 kWh, without the unit */
export function kwh(mwh: number | null | undefined, digits = 2): string {
  return mwh == null ? NOTHING : (mwh / 1_000_000).toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** 61234 W → 61.2, without the unit */
export function kw(watts: number | null | undefined, digits = 1): string {
  return watts == null ? NOTHING : (watts / 1000).toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

export const volts = (mv: number | null | undefined): string => (mv == null ? NOTHING : (mv / 1000).toFixed(1));
export const amperes = (ma: number | null | undefined): string => (ma == null ? NOTHING : (ma / 1000).toFixed(1));

/** 3725 → 1:02:05 */
export function duration(seconds: number | null | undefined): string {
  if (seconds == null || seconds < 0) return NOTHING;
  const whole = Math.round(seconds);
  return `${Math.trunc(whole / 3600)}:${twoDigits(Math.trunc(whole / 60) % 60)}:${twoDigits(whole % 60)}`;
}

const asDate = (at: string | number) => new Date(at);

/** 2026-11-26 09:05:07, by the clock of this computer */
export function moment(at: string | number | null | undefined): string {
  if (at == null || at === "") return NOTHING;
  const date = asDate(at);
  if (Number.isNaN(date.getTime())) return NOTHING;
  const day = `${date.getFullYear()}-${twoDigits(date.getMonth() + 1)}-${twoDigits(date.getDate())}`;
  return `${day} ${clock(at)}`;
}

/** 09:05:07 */
export function clock(at: string | number | null | undefined): string {
  if (at == null || at === "") return NOTHING;
  const date = asDate(at);
  return `${twoDigits(date.getHours())}:${twoDigits(date.getMinutes())}:${twoDigits(date.getSeconds())}`;
}

/** How long ago, in the language that is set: 3 minutes ago. */
export function ago(at: string | number | null | undefined, now = Date.now()): string {
  if (at == null || at === "") return NOTHING;
  const seconds = Math.round((asDate(at).getTime() - now) / 1000);
  const units: [Intl.RelativeTimeFormatUnit, number][] = [["day", 86_400], ["hour", 3600], ["minute", 60], ["second", 1]];
  const [unit, size] = units.find(([, length]) => Math.abs(seconds) >= length) ?? ["second", 1];
  return new Intl.RelativeTimeFormat(settings.language, { numeric: "auto" }).format(Math.trunc(seconds / size), unit);
}

/** 32010600000001 → easier to read aloud; what is no code of 14 digits stays as it is. */
export function pileCode(code: string): string {
  return /^\d{14}$/.test(code) ? `${code.slice(0, 4)} ${code.slice(4, 8)} ${code.slice(8, 12)} ${code.slice(12)}` : code;
}
