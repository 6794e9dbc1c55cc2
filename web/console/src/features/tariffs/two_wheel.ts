// A two-wheel plan as one types it, and as the platform takes it: money in yuan here, in fen there.
import type { Schemas } from "@/api/client";
import { decimal, FEN_DIGITS, SI_DIGITS, whole } from "@/ui/amount";
import type { Plan } from "./model";

export const BASES = ["time", "energy", "per_use"] as const;
export const PRACTICES = ["first_minutes", "upgrade_only", "per_interval"] as const;
export const MOST_TIERS = 10;
const MOST_FEN = 100_000;

export interface PlanForm {
  basis: Plan["basis"];
  /** Up to so many watts; of the last tier it is empty. */
  tiers: { watts: string; yuan: string }[];
  tier_practice: NonNullable<Plan["tier_practice"]>;
  energy: string;
  service: string;
  perUse: string;
  fullHold: string;
  minimum: string;
  noRefund: string;
  stepS: string;
  stepMwh: string;
  freeS: string;
  billFloat: boolean;
  longestMinutes: string;
  maxPowerW: string;
}

const yuanText = (fen: number | undefined) => decimal(fen ?? 0, FEN_DIGITS);

/** A plan to begin with, or one as it was written. */
export function planForm(plan: Plan | null): PlanForm {
  const tiers = (plan?.tiers ?? []).map((tier) => ({ watts: tier.max_power_w == null ? "" : String(tier.max_power_w), yuan: yuanText(tier.fen_per_hour) }));
  return {
    basis: plan?.basis ?? "time",
    tiers: tiers.length ? tiers : [{ watts: "", yuan: "" }],
    tier_practice: plan?.tier_practice ?? "upgrade_only",
    energy: plan && plan.basis === "energy" ? decimal(whole(plan.energy_yuan_per_kwh ?? "0", SI_DIGITS) ?? 0, SI_DIGITS) : "",
    service: plan && plan.basis === "energy" ? decimal(whole(plan.service_yuan_per_kwh ?? "0", SI_DIGITS) ?? 0, SI_DIGITS) : "",
    perUse: plan?.per_use_fen ? yuanText(plan.per_use_fen) : "",
    fullHold: yuanText(plan?.full_hold_fen ?? 500),
    minimum: yuanText(plan?.min_charge_fen),
    noRefund: yuanText(plan?.no_refund_under_fen),
    stepS: String(plan?.billing_step_s ?? 1),
    stepMwh: decimal(plan?.billing_step_mwh ?? 1, 6, 0),
    freeS: String(plan?.free_s ?? 0),
    billFloat: plan?.bill_float ?? true,
    longestMinutes: String(Math.trunc((plan?.max_duration_s ?? 43_200) / 60)),
    maxPowerW: String(plan?.max_power_w ?? 0),
  };
}

/** Fields that are no number, or one the platform would not take. */
export function wrongFields(form: PlanForm): string[] {
  const wrong: string[] = [];
  const check = (name: string, value: number | undefined, least: number, most: number) => {
    if (value === undefined || value < least || value > most) wrong.push(name);
  };
  if (form.basis === "time") {
    let before = 0;
    form.tiers.forEach((tier, index) => {
      check(`tiers.${index}.yuan`, whole(tier.yuan, FEN_DIGITS), 0, MOST_FEN);
      if (index === form.tiers.length - 1) return;
      const watts = whole(tier.watts, 0);
      check(`tiers.${index}.watts`, watts, before + 1, 6_500);
      before = watts ?? before;
    });
  }
  if (form.basis === "energy") {
    check("energy", whole(form.energy, SI_DIGITS), 0, 10_000_000);
    check("service", whole(form.service, SI_DIGITS), 0, 10_000_000);
  }
  if (form.basis === "per_use") check("perUse", whole(form.perUse, FEN_DIGITS), 1, MOST_FEN);
  check("fullHold", whole(form.fullHold, FEN_DIGITS), 1, MOST_FEN);
  check("minimum", whole(form.minimum, FEN_DIGITS), 0, MOST_FEN);
  check("noRefund", whole(form.noRefund, FEN_DIGITS), 0, MOST_FEN);
  check("stepS", whole(form.stepS, 0), 1, 3_600);
  check("stepMwh", whole(form.stepMwh, 6), 1, 1_000_000);
  check("freeS", whole(form.freeS, 0), 0, 3_600);
  check("longestMinutes", whole(form.longestMinutes, 0), 1, 1_092);
  check("maxPowerW", whole(form.maxPowerW, 0), 0, 6_500);
  return wrong;
}

/** The plan to be written; only what belongs to its basis is filled. Ask `wrongFields` before. */
export function planBody(form: PlanForm): Schemas["PlanBody"] {
  const number = (text: string, digits: number) => whole(text, digits) ?? 0;
  return {
    basis: form.basis,
    tiers: form.basis === "time" ? form.tiers.map((tier, index) => ({ max_power_w: index === form.tiers.length - 1 ? null : number(tier.watts, 0), fen_per_hour: number(tier.yuan, FEN_DIGITS) })) : [],
    tier_practice: form.tier_practice,
    energy_yuan_per_kwh: form.basis === "energy" ? form.energy.trim() : "0",
    service_yuan_per_kwh: form.basis === "energy" ? form.service.trim() : "0",
    per_use_fen: form.basis === "per_use" ? number(form.perUse, FEN_DIGITS) : 0,
    full_hold_fen: number(form.fullHold, FEN_DIGITS),
    min_charge_fen: number(form.minimum, FEN_DIGITS),
    no_refund_under_fen: number(form.noRefund, FEN_DIGITS),
    billing_step_s: number(form.stepS, 0),
    billing_step_mwh: number(form.stepMwh, 6),
    free_s: number(form.freeS, 0),
    bill_float: form.billFloat,
    max_duration_s: number(form.longestMinutes, 0) * 60,
    max_power_w: number(form.maxPowerW, 0),
  };
}
