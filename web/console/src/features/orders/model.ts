import type { Schemas } from "@/api/client";

export type LimitKind = "none" | "money" | "energy" | "minutes" | "soc";

/** Digits behind the point that the platform's whole numbers have: fen, mWh, minutes, per cent. */
const SCALE: Record<LimitKind, number> = { none: 0, money: 2, energy: 6, minutes: 0, soc: 0 };
const MOST: Record<LimitKind, number> = { none: 0, money: 1_000_000, energy: 1_000_000_000, minutes: 1440, soc: 100 };

/** A limit as it was typed (yuan, kWh, minutes, per cent) as the whole number that is sent; undefined when it is none. */
export function limitValue(kind: LimitKind, text: string): number | undefined {
  if (kind === "none") return 0;
  const match = /^(\d{1,7})(?:\.(\d+))?$/.exec(text);
  const digits = SCALE[kind];
  if (!match || (match[2] ?? "").length > digits) return undefined;
  const value = Number(`${match[1]}${(match[2] ?? "").padEnd(digits, "0")}`);
  return value > 0 && value <= MOST[kind] ? value : undefined;
}

export type Order = Schemas["OrderOut"];
export type OrderDetail = Schemas["OrderDetailOut"];

export const STATES = ["placed", "charging", "finishing", "settled", "disputed", "cancelled_no_energy", "failed_no_energy", "closed_by_operator"] as const;
export const METHODS = ["app", "card", "vin", "account", "offline", "code", "other"] as const;
export const STOPS = ["completed", "aborted", "start_failed", "unknown"] as const;

/** Kinds of trouble an order may have: first those people have to decide, then what is only noted. */
export const DISPUTES = ["over_bound", "below_samples", "bands_sum", "over_hold", "no_driver", "no_hold", "no_tariff", "conflicting_record", "late_record", "reopened"] as const;
export const NOTES = [
  "estimated", "record_overdue", "amount", "rate", "meter", "meter_fell", "meter_jumped", "clock", "clock_skew", "times", "abnormal_end", "start_failed_with_energy", "beyond_record",
  "beyond_estimate", "foreign", "unknown_session", "other_connector", "by_fault", "refunded",
] as const;

const TONES: Record<string, "good" | "busy" | "warn" | "bad" | "quiet"> = {
  placed: "warn", charging: "busy", finishing: "warn", settled: "good", disputed: "bad", cancelled_no_energy: "quiet", failed_no_energy: "quiet", closed_by_operator: "quiet",
};

export const toneOf = (state: string) => TONES[state] ?? "quiet";

/** Orders whose record is waited for, so that somebody may give up waiting. */
export const canClose = (state: string): boolean => state === "placed" || state === "charging" || state === "finishing";

/** "1.2345" yuan as hao, without a float on the way; undefined when it is no such number. */
export function hao(text: string | null | undefined): number | undefined {
  const match = /^(-?)(\d{1,11})(?:\.(\d{1,4}))?$/.exec(text ?? "");
  if (!match) return undefined;
  const value = Number(match[2]) * 10_000 + Number((match[3] ?? "").padEnd(4, "0"));
  return match[1] ? -value : value;
}

/** What was typed as yuan, as fen; undefined when it is none. */
export function fenOf(text: string): number | undefined {
  return limitValue("money", text.trim());
}

export interface Moment {
  at: string;
  /** Where it comes from: order, session, payment, refund. */
  from: "order" | "session" | "payment" | "refund";
  kind: string;
  detail: Record<string, unknown>;
}

/** Everything that happened around an order, oldest first; what happened at once stays in the order it was given. */
export function timeline(...parts: Moment[][]): Moment[] {
  return parts
    .flat()
    .filter((one) => one.at)
    .map((one, index) => ({ one, index, at: Date.parse(one.at) }))
    .sort((a, b) => a.at - b.at || a.index - b.index)
    .map(({ one }) => one);
}

export interface Slot {
  band: string;
  energyMwh: number;
  recordedMwh: number | null;
  price: string;
  recordedPrice: string | null;
  energyFee: string;
  serviceFee: string;
  recordedAmount: string | null;
  /** Whether the record has another energy, or another price, for this band. */
  energyDiffers: boolean;
  priceDiffers: boolean;
}

const BANDS = ["sharp", "peak", "flat", "valley"];
type RecordedBand = { energy_mwh?: number; billed_energy_mwh?: number; rate_yuan_per_kwh?: string; amount_yuan?: string };

/** Two prices of a kWh added up as text: "0.70000" and "0.40000" → "1.10000". */
export function priceSum(one: string, other: string): string {
  const si = (text: string) => Number(text.replace(".", "").padEnd(text.includes(".") ? 0 : text.length + 5, "0"));
  const sum = si(one) + si(other);
  return `${Math.trunc(sum / 100_000)}.${String(sum % 100_000).padStart(5, "0")}`;
}

/** A bill line by line beside the charge point's own figures, band by band. */
export function slotsOf(bill: OrderDetail["bill"], recorded: RecordedBand[] | undefined): Slot[] {
  return BANDS.flatMap((band, index) => {
    const ours = bill.find((line) => line.band === band);
    const theirs = recorded?.[index];
    const recordedMwh = theirs ? Math.max(theirs.energy_mwh ?? 0, theirs.billed_energy_mwh ?? 0) : null;
    if (!ours?.energy_mwh && !recordedMwh) return [];
    const price = ours ? priceSum(ours.energy_yuan_per_kwh, ours.service_yuan_per_kwh) : "";
    return [
      {
        band,
        energyMwh: ours?.energy_mwh ?? 0,
        recordedMwh,
        price,
        recordedPrice: theirs?.rate_yuan_per_kwh ?? null,
        energyFee: ours?.energy_fee_yuan ?? "",
        serviceFee: ours?.service_fee_yuan ?? "",
        recordedAmount: theirs?.amount_yuan ?? null,
        energyDiffers: Boolean(theirs) && recordedMwh !== (ours?.energy_mwh ?? 0),
        priceDiffers: Boolean(theirs && ours && recordedMwh) && theirs?.rate_yuan_per_kwh !== price,
      },
    ];
  });
}
