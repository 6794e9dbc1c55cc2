// Energy is whole mWh, power whole W, time whole seconds.

/** 12345678 mWh → "12.34" kWh. Cut, not rounded: a meter never shows what was not delivered. */
export function kwh(mwh: number, digits = 2): string {
  const unit = 10 ** (6 - digits);
  const whole = Math.trunc(mwh / unit);
  const scale = 10 ** digits;
  return digits ? `${Math.trunc(whole / scale)}.${String(whole % scale).padStart(digits, "0")}` : String(whole);
}

/** 58230 W → "58.2" kW; small powers keep two digits: 210 W → "0.21". */
export function kw(watts: number): string {
  return (watts / 1000).toFixed(watts < 10_000 ? 2 : 1);
}

/** 402100 mV → "402.1"; mA alike. */
export function milli(value: number): string {
  return (value / 1000).toFixed(1);
}

/** Seconds as clock text: 75 → "01:15", 3675 → "1:01:15". */
export function clockText(seconds: number): string {
  const whole = Math.max(0, Math.trunc(seconds));
  const [h, m, s] = [Math.trunc(whole / 3600), Math.trunc((whole % 3600) / 60), whole % 60];
  const two = (n: number) => String(n).padStart(2, "0");
  return h ? `${h}:${two(m)}:${two(s)}` : `${two(m)}:${two(s)}`;
}

/** kWh as typed to mWh; null when it is none. */
export function mwhOf(typed: string): number | null {
  const match = /^(\d{1,4})(?:\.(\d{0,3}))?$/.exec(typed.trim());
  return match ? Number(match[1]) * 1_000_000 + Number((match[2] ?? "").padEnd(3, "0")) * 1000 : null;
}
