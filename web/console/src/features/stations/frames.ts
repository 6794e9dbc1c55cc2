/** A frame as it passed, with what its protocol makes of the bytes. */
export interface Unit {
  frame_type: string | null;
  name: string | null;
  sequence?: string | null;
  verdict: string;
  checksum?: { ok: boolean; order: string | null; computed: string | null; on_wire: string | null };
  fields: Record<string, unknown>;
  extra_hex?: string;
  error: string | null;
}
export interface FrameLine {
  id: number;
  at: string;
  direction: "up" | "down";
  protocol: string;
  hex: string;
  decoded: Unit[];
}

/** Frames by number, newest first, none twice, and not more than so many. */
export function joined(known: FrameLine[], fresh: FrameLine[], most: number): FrameLine[] {
  const byId = new Map([...known, ...fresh].map((line) => [line.id, line]));
  return [...byId.values()].sort((one, other) => other.id - one.id).slice(0, most);
}

/** Whether a frame has every word that was typed: type, name, hex, or a field and its value. */
export function fits(line: FrameLine, words: string): boolean {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  if (!wanted.length) return true;
  const units = line.decoded.map((unit) => [unit.frame_type, unit.name, unit.verdict, ...Object.entries(unit.fields).map(([name, value]) => `${name}=${shown(value)}`)].join(" "));
  const text = `${line.direction} ${line.hex} ${units.join(" ")}`.toLowerCase();
  return wanted.every((word) => text.includes(word));
}

export const shown = (value: unknown): string => (typeof value === "object" && value !== null ? JSON.stringify(value) : String(value));

/** Bytes in pairs: 68 0D 06. */
export const pairs = (hex: string): string => hex.replace(/(..)(?=.)/g, "$1 ");

/** Whether every unit was good. */
export const good = (line: FrameLine): boolean => line.decoded.every((unit) => unit.verdict.startsWith("decode"));
