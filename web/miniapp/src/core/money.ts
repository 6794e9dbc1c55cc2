// Money is whole fen; what the API gives finer is decimal text in yuan. Nothing here is a floating-point number.

/** 1234 → "12.34"; -5 → "-0.05". */
export function yuan(fen: number): string {
  const whole = Math.abs(Math.trunc(fen));
  return `${fen < 0 ? "-" : ""}${Math.trunc(whole / 100)}.${String(whole % 100).padStart(2, "0")}`;
}

/** Yuan as typed to fen; null when it is no amount. Full-width digits and a comma are forgiven. */
export function fenOf(typed: string): number | null {
  const text = halfWidth(typed).trim().replace(/^[¥￥]/, "").replace(",", ".");
  const match = /^(\d{1,7})(?:\.(\d{0,2}))?$/.exec(text);
  if (!match) return null;
  return Number(match[1]) * 100 + Number((match[2] ?? "").padEnd(2, "0"));
}

/** Full-width digits and points, as Chinese keyboards give them, to plain ones. */
export function halfWidth(text: string): string {
  return text.replace(/[\uff01-\uff5e]/g, (one) => String.fromCharCode(one.charCodeAt(0) - 0xfee0)).replace(/\u3000/g, " ");
}

const DIGITS = 5;

/** Decimal text in yuan to a whole number of 0.00001 yuan: "1.22000" → 122000. */
export function units(text: string): number {
  const match = /^(-?)(\d+)(?:\.(\d{1,5}))?$/.exec(text);
  if (!match) throw new Error(`not an amount: ${text}`);
  const value = Number(match[2]) * 10 ** DIGITS + Number((match[3] ?? "").padEnd(DIGITS, "0"));
  return match[1] ? -value : value;
}

/** Back to text, at least `least` digits behind the point and no needless zeros behind those. */
export function unitsText(value: number, least = 2): string {
  const whole = Math.abs(value);
  const behind = String(whole % 10 ** DIGITS).padStart(DIGITS, "0");
  const needed = Math.max(least, behind.replace(/0+$/, "").length);
  return `${value < 0 ? "-" : ""}${Math.trunc(whole / 10 ** DIGITS)}${needed ? `.${behind.slice(0, needed)}` : ""}`;
}

/** The sum of decimal texts, as decimal text. */
export function sum(...texts: string[]): string {
  return unitsText(texts.reduce((total, text) => total + units(text), 0));
}

/** Decimal text in yuan cut to two digits, for a figure that still moves: "1.2379" → "1.23". */
export function cents(text: string): string {
  const value = units(text);
  return unitsText(value - (value % 1000));
}

/** 0.0001 yuan (as live topics count) to fen, cut. */
export function fenOfHao(hao: number): number {
  return Math.trunc(hao / 100);
}
