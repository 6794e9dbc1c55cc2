import { api, ok, type Schemas } from "@/api/client";
import { tOr } from "@/app/i18n";

export type Payment = Schemas["StaffPaymentOut"];
export type PaymentDetail = Schemas["PaymentDetailOut"];
export type Refund = Schemas["StaffRefundOut"];
export type Case = Schemas["CaseOut"];
export type Day = Schemas["ComparedDayOut"];
export type Notice = Schemas["NoticeOut"];

type Tone = "good" | "busy" | "warn" | "bad" | "quiet";

export const STATES = ["created", "prepaid", "paid", "part_refunded", "refunded", "closed", "quarantined"] as const;
export const STATE_TONES: Record<string, Tone> = { created: "warn", prepaid: "warn", paid: "good", part_refunded: "busy", refunded: "quiet", closed: "quiet", quarantined: "bad" };
export const STANDINGS = ["open", "done", "part_done", "failed"] as const;
export const STANDING_TONES: Record<string, Tone> = { open: "warn", done: "good", part_done: "busy", failed: "bad" };
export const PART_TONES: Record<string, Tone> = { requested: "warn", processing: "busy", succeeded: "good", handled: "good", closed: "quiet", abnormal: "bad" };
export const CASES = [
  "quarantined", "paid_late", "paid_twice", "delivery_refused", "refund_abnormal", "refund_stuck", "refund_after_close", "payment_unknown", "payment_missing", "payment_amount", "payment_state",
  "payment_transaction", "payment_listed_twice", "refund_unknown", "refund_missing", "refund_amount", "refund_state",
] as const;

export const OUTCOMES = ["credited", "repeated", "quarantined", "not_paid", "noted", "unknown", "misdirected"] as const;

export const channelName = (channel: string): string => tOr(`payments.channels.${channel}`, channel);
export const stateName = (state: string): string => tOr(`payments.states.${state}`, state);
export const standingName = (standing: string): string => tOr(`payments.standings.${standing}`, standing);
export const caseName = (kind: string): string => tOr(`payments.cases.kinds.${kind}`, kind);

/** Payments that can still give something back. */
export const canRefund = (payment: Pick<Payment, "state" | "paid_fen" | "returned_fen">): boolean => ["paid", "part_refunded"].includes(payment.state) && payment.paid_fen > payment.returned_fen;

/** A number of a payment or of a part of a refund: where it leads. */
export function numberTo(number: string): string | null {
  return /^P\d{22}$/.test(number) ? `/payments/${number}` : null;
}

/** Days that may be compared: over, and not before the sixty the platform makes up for. */
export function dayIsOver(day: string, today: string): boolean {
  return /^\d{4}-\d{2}-\d{2}$/.test(day) && !Number.isNaN(Date.parse(day)) && day < today;
}

export async function paymentOf(no: string): Promise<PaymentDetail> {
  return ok(api.GET("/api/v1/payments/{payment_no}", { params: { path: { payment_no: no } } }));
}
