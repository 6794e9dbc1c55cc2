// Amounts as people type and read them, and as whole numbers of small units; no float in between.

/** "12.5" with 2 digits → 1250; undefined when it is no such number, or has more digits than there are. */
export function whole(text: string, digits: number, most = Number.MAX_SAFE_INTEGER): number | undefined {
  const match = /^(\d{1,12})(?:\.(\d+))?$/.exec(text.trim());
  const rest = match?.[2] ?? "";
  if (!match || rest.length > digits) return undefined;
  const value = Number(`${match[1]}${rest.padEnd(digits, "0")}`);
  return value <= most ? value : undefined;
}

/** The same, and it may be less than nothing. */
export function signed(text: string, digits: number, most = Number.MAX_SAFE_INTEGER): number | undefined {
  const trimmed = text.trim();
  if (!trimmed.startsWith("-")) return whole(trimmed, digits, most);
  const value = whole(trimmed.slice(1), digits, most);
  return value === undefined ? undefined : -value;
}

/** 125000 with 5 digits → "1.25"; never fewer than `least` digits behind the point. */
export function decimal(value: number, digits: number, least = 2): string {
  const text = String(Math.abs(value)).padStart(digits + 1, "0");
  const rest = text.slice(text.length - digits).replace(/0+$/, "").padEnd(least, "0");
  return `${value < 0 ? "-" : ""}${text.slice(0, text.length - digits)}${rest && digits ? `.${rest}` : ""}`;
}

/** Digits of yuan that the wire's decimal text has: prices a kWh, and lines of a bill. */
export const SI_DIGITS = 5;
export const HAO_DIGITS = 4;
export const FEN_DIGITS = 2;
export const MWH_DIGITS = 6;

/** "0.80000" → "0.80", "0.68200" → "0.682": a price without the zeros nobody reads. */
export function price(text: string): string {
  const si = whole(text, SI_DIGITS);
  return si === undefined ? text : decimal(si, SI_DIGITS);
}
