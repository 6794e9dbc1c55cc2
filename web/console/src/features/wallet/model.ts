// Lines of the journal: their kinds, their colours, and what their numbers lead to.
import type { Schemas } from "@/api/client";

export type Line = Schemas["JournalLineOut"];

export const PURPOSES = ["top_up", "hold", "charge", "release", "correction", "adjustment", "freeze", "refund"];
export const MONEY = ["available", "gift", "held", "arrears"] as const;

/** Which colour a change has: that of more or of less; with a debt it is the other way round. */
export function toneOf(key: string, line: Line): "more" | "less" | "" {
  const fen = { available: line.available_change_fen, gift: line.gift_change_fen, held: line.held_change_fen, arrears: -line.arrears_change_fen }[key] ?? 0;
  return fen > 0 ? "more" : fen < 0 ? "less" : "";
}

/** Where a number of our own leads: an order (a hold of it may have a number behind it) or a payment. */
export function pathOf(number: string): string | null {
  const order = /^(\d{18,32})(-\d+)?$/.exec(number);
  if (order) return `/orders/${order[1]}`;
  return /^P\d{22}$/.test(number) ? `/payments/${number}` : null;
}
