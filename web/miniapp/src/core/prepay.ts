// Paying one charge in advance: how much, and what is shown from the payment to the start.
import type { PaymentStage } from "./payment";
import { advanceFen, type Plan, type Wish } from "./plan";

/** Who pays: the money in the wallet, or a payment for this charge alone, whose rest goes back the way it came. */
export type PayMode = "balance" | "advance";

/** Least and most of one payment in advance, in fen: no order sets more aside. */
export const PREPAY_RANGE: [number, number] = [100, 20_000];
export const PREPAY_PRESETS = [3000, 5000, 10_000, 20_000];

/** What a wish costs in advance where that is known before: by a plan, or because money was wished for. Null: it may be chosen. */
export function fixedFen(plan: Plan | null, wish: Wish | null): number | null {
  if (!wish) return null;
  if (plan) return Math.max(advanceFen(plan, wish), PREPAY_RANGE[0]);
  return wish.kind === "money" ? Math.max(wish.value, PREPAY_RANGE[0]) : null;
}

export const fits = (fen: number | null): fen is number => fen !== null && fen >= PREPAY_RANGE[0] && fen <= PREPAY_RANGE[1];

export type PrepayStage = Exclude<PaymentStage, "paid"> | "starting" | "refused" | "returned";

/** What follows from what is known of the payment and of the start. */
export function prepayStage(payment: PaymentStage, start: "" | "refused", returned: boolean): PrepayStage {
  if (returned) return "returned";
  if (payment !== "paid") return payment;
  return start === "refused" ? "refused" : "starting";
}

/** The key of the start that belongs to a payment: whoever comes back to the page starts the same charge, once. */
export const startKey = (paymentNo: string): string => `start-${paymentNo}`;

export interface Prepaid {
  state: string;
  order_no: string | null;
  returned_fen: number;
  refunded_fen: number;
}

/** Whether a payment that no order took is on its way back, or there. */
export const isReturned = (payment: Prepaid): boolean => payment.order_no === null && payment.returned_fen > 0;

/** How the rest of a prepayment stands, on a bill. */
export function restStanding(payment: Prepaid): "none" | "underway" | "arrived" {
  if (payment.returned_fen === 0) return "none";
  return payment.refunded_fen >= payment.returned_fen ? "arrived" : "underway";
}
