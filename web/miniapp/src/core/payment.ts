// A payment as the driver sees it. Only the server knows whether money came: what the phone says of it is a hint to ask.

export type PaymentStage = "creating" | "paying" | "confirming" | "paid" | "cancelled" | "failed" | "unknown";

/** What the client's payment sheet said. */
export type SheetResult = "ok" | "cancel" | "fail" | "left";

/** Pauses between questions to the server, in milliseconds: at once, then ever more slowly for about a minute. */
export const PAUSES_MS = [0, 1000, 2000, 2000, 3000, 5000, 5000, 10_000, 15_000, 20_000];

const PAID = new Set(["paid", "credited", "success", "refunded", "part_refunded", "partly_refunded"]);
const CLOSED = new Set(["closed", "expired", "failed", "revoked"]);

/** What the state of a payment at the server means; "open" is still to be paid. */
export function settledAs(state: string): "paid" | "closed" | "open" {
  const name = state.toLowerCase();
  return PAID.has(name) ? "paid" : CLOSED.has(name) ? "closed" : "open";
}

/** What is shown next, after the sheet's word and `asked` answers of the server, the last of them `state`. */
export function stageAfter(sheet: SheetResult, state: string, asked: number): PaymentStage {
  const settled = settledAs(state);
  if (settled === "paid") return "paid";
  if (settled === "closed") return sheet === "cancel" ? "cancelled" : "failed";
  // Cancelled and, so says the provider, not paid: that is all there is to know. Anything else is asked again.
  if (sheet === "cancel") return "cancelled";
  if (sheet === "fail" && asked >= 2) return "failed";
  return asked >= PAUSES_MS.length ? "unknown" : "confirming";
}

export interface Asking {
  check(): Promise<string>;
  pause(ms: number): Promise<void>;
  told(stage: PaymentStage): void;
  /** True once nobody looks any more. */
  over(): boolean;
}

/** Ask until it is known what became of a payment; silence of the network is asked again like "not yet". */
export async function confirm(sheet: SheetResult, asking: Asking): Promise<PaymentStage> {
  let state = "";
  let heard = 0;
  for (let asked = 0; asked < PAUSES_MS.length; asked += 1) {
    await asking.pause(PAUSES_MS[asked]!);
    if (asking.over()) return "unknown";
    try {
      state = await asking.check();
      heard += 1;
    } catch {
      continue;
    }
    const stage = stageAfter(sheet, state, Math.max(heard, asked + 1));
    asking.told(stage);
    if (stage !== "confirming") return stage;
  }
  asking.told("unknown");
  return "unknown";
}
