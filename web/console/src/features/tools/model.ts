// Frames as somebody pasted them, and what can happen to a virtual charge point.
import type { Schemas } from "@/api/client";

export type Unit = Schemas["UnitOut"];
export type Line = Schemas["FieldOut"];

export const GOOD = ["decode", "decode_tolerant"];
export const toneOf = (verdict: string): "good" | "warn" | "bad" => (verdict === "decode" ? "good" : GOOD.includes(verdict) ? "warn" : "bad");

/** How a value of a frame is written: lists and groups as JSON, nothing as a dash. */
export function valueText(value: unknown): string {
  if (value === null || value === undefined || value === "") return "—";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** What verdicts there are words for; anything else is shown as the protocol says it. */
export const VERDICTS = ["decode", "decode_tolerant", "reject_crc", "reject_body_length", "reject_encrypted", "incomplete", "unknown_type", "garbage", "not_hex"];

/** Fields a protocol tells without columns, as lines: names alone. */
export function linesOf(unit: Pick<Unit, "lines" | "fields">): Line[] {
  if (unit.lines.length) return unit.lines;
  return Object.entries(unit.fields).map(([name, value]) => ({ name, label: "", unit: "", raw_hex: "", value, text: "" }));
}

export const SAMPLES = {
  ykc16: "6822010000013201060001923600021056012E312E3530000100000000000000000000040EAB\n684601000013320106000192360120010618034230603201060001923601030201E70EB3045300000000000000002B4F030029003930000039300000554800000000000000000000D6C0",
  dny: "44 4E 59 0A 00 3B 37 AB 04 B9 00 01 00 D0 02",
} as const;

/** Bytes as people read them: 1536 → 1.5 KiB. */
export function size(bytes: number): string {
  const UNITS = ["B", "KiB", "MiB", "GiB", "TiB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit ? value.toFixed(1) : value} ${UNITS[unit]}`;
}

/** Acts that interrupt somebody who charges. */
export const RISKY = ["unplug", "fault", "offline", "reboot"];
/** What happens to a charge point and not to one of its connectors. */
export const WHOLE = ["offline", "online", "reboot"];
