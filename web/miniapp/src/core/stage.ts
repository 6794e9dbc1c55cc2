// What a driver is shown of an order: one stage out of order state, session state and what was asked for on this phone.

export type Stage =
  | "starting"
  | "charging"
  | "stopping"
  | "settling"
  | "settled"
  | "disputed"
  | "failed"
  | "cancelled"
  | "closed";

/** Stages after which nothing more comes by itself. */
export const OVER: ReadonlySet<Stage> = new Set(["settled", "disputed", "failed", "cancelled", "closed"]);

const OF_ORDER: Record<string, Stage> = {
  settled: "settled",
  disputed: "disputed",
  cancelled_no_energy: "cancelled",
  failed_no_energy: "failed",
  closed_by_operator: "closed",
  finishing: "settling",
  charging: "charging",
  placed: "starting",
};

const OF_SESSION: Record<string, Stage> = {
  requested: "starting",
  starting: "starting",
  awaiting_plug: "starting",
  unconfirmed: "starting",
  charging: "charging",
  stopping: "stopping",
  awaiting_record: "settling",
  unauthorised: "settling",
  recorded: "settling",
  estimated: "settling",
  rejected: "failed",
  failed: "failed",
};

/** The order has the last word when it is over; before, the session knows more. */
export function stageOf(orderState: string, sessionState?: string, stopAsked = false): Stage {
  const byOrder = OF_ORDER[orderState] ?? "settling";
  if (OVER.has(byOrder)) return byOrder;
  const stage = (sessionState && OF_SESSION[sessionState]) || byOrder;
  // The session may have failed a moment before the order is told: its money is being released.
  return stopAsked && (stage === "charging" || stage === "starting") ? "stopping" : stage;
}

export const isOver = (orderState: string): boolean => OVER.has(OF_ORDER[orderState] ?? "settling");

export type StepState = "done" | "active" | "waiting" | "failed";
export interface Step {
  name: "held" | "sent" | "handshake" | "flowing";
  state: StepState;
}

/** How far a start has come, as four steps. */
export function steps(sessionState: string): Step[] {
  const reached = { requested: 1, starting: 2, awaiting_plug: 2, unconfirmed: 2, charging: 4 }[sessionState] ?? (sessionState === "rejected" || sessionState === "failed" ? -1 : 4);
  const names: Step["name"][] = ["held", "sent", "handshake", "flowing"];
  if (reached < 0) return names.map((name, index) => ({ name, state: index === 0 ? "done" : index === 1 ? "failed" : "waiting" }));
  return names.map((name, index) => ({ name, state: index < reached ? "done" : index === reached ? "active" : "waiting" }));
}

/** How long a start may take before the platform gives it up and stops whatever comes late. */
export const START_LIMIT_S = 90;

export function secondsLeft(requestedAtMs: number, nowMs: number, limitS = START_LIMIT_S): number {
  return Math.max(0, Math.ceil((requestedAtMs + limitS * 1000 - nowMs) / 1000));
}

/** Names of refusals that have a sentence in the texts; vendors' other words get the general one. */
const KNOWN_REFUSALS = new Set([
  "wrong_charge_point", "already_charging", "faulted", "offline", "not_plugged", "choose_connector", "expired", "unanswered", "unsupported",
]);

export function refusalKey(refusal: string): string {
  const name = refusal.split(/[\s:(]/)[0] ?? "";
  return KNOWN_REFUSALS.has(name) ? name : "other";
}

/** Keys of why a charge ended, from what the platform asked for; empty when the charge point or the driver ended it. */
const KNOWN_STOPS = new Set([
  "driver", "staff", "limit_money", "limit_energy", "limit_minutes", "limit_soc", "hold_used_up", "too_long",
  "start_timeout", "partner_failed", "unauthorised", "fire_guard",
]);

export function stopKey(reason: string): string {
  return KNOWN_STOPS.has(reason) ? reason : "";
}

/** A charge point's own reasons, as its protocol names them, that have a sentence; many words may have the same one. */
const ENDS = new Map(Object.entries({
  full: "full", ended_soc_full: "full",
  unplugged: "unplugged", unplugged_spring: "unplugged",
  time_reached: "reached", energy_reached: "reached", ended_energy_limit: "reached", ended_amount_limit: "reached", ended_time_limit: "reached",
  max_time_reached: "max_time",
  overload: "overload", dynamic_overload: "overload", over_current: "overload",
  power_too_low: "low_power", low_power_cutoff: "low_power", no_power_bad_contact: "no_contact",
  env_over_temp: "heat", port_over_temp: "heat",
  water: "water", fire_this_port: "fire", fire_other_port: "fire", fire_system: "fire",
  ended_manual_stop: "by_hand", external_stop: "by_hand", card_stop: "by_hand",
}));

/** Key of how a charge ended: what the platform asked for, else the charge point's own reason, else its class; "" while nothing is known. */
export function endKey(reason: string, charged: { stop_class: string | null; stop_reason: string }, bike: boolean): string {
  const { stop_class: stopClass, stop_reason: own } = charged;
  if (stopKey(reason)) return `stop_${reason}`;
  if (ENDS.has(own)) return `ended_${ENDS.get(own)}`;
  if (stopClass === "aborted") return bike ? "ended_cut_off" : "ended_aborted";
  return stopClass === "completed" ? "ended_completed" : "";
}

/** Figures are old when the last word is older than this; then they are shown grey, with their time. */
export const STALE_AFTER_MS = 45_000;

export function isStale(heardAtMs: number, nowMs: number): boolean {
  return nowMs - heardAtMs > STALE_AFTER_MS;
}

/** What is left to pay with during a charge: warn when a tenth of the hold, or less than 2 yuan, remains. */
export function runsLow(holdFen: number, spentFen: number): boolean {
  return holdFen > 0 && holdFen - spentFen <= Math.max(Math.floor(holdFen / 10), Math.min(200, Math.floor(holdFen / 4)));
}
