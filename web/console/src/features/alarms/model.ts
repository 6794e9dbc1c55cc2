import { api, ok, type Schemas } from "@/api/client";
import { t, tOr } from "@/app/i18n";
import type { Fetch } from "@/ui/table";

export type Alarm = Schemas["AlarmOut"];

export const STATES = ["open", "acknowledged", "closed"] as const;
export const LEVELS = ["critical", "warning", "notice"] as const;
export const KINDS = [
  "fire",
  "hazard",
  "connector_faulted",
  "wire_faulted",
  "login_contested",
  "tariff_mismatch",
  "clock_skew",
  "order_disputed",
  "port_over_power",
  "port_no_taper",
  "port_rise_after_full",
  "port_over_time",
  "port_over_temp",
  "payment_quarantined",
  "payment_late",
  "payment_twice",
  "refund_abnormal",
  "refund_stuck",
  "refund_after_close",
  "refund_differs",
  "delivery_refused",
  "bill_differs",
] as const;
export const ABOUT = ["devices", "money"] as const;
export const LEVEL_TONES = { critical: "bad", warning: "warn", notice: "quiet" } as const;
export const STATE_TONES = { open: "bad", acknowledged: "warn", closed: "quiet" } as const;

/** What it is, in our words, otherwise in the platform's. */
export const kindName = (alarm: Pick<Alarm, "kind" | "title">): string => tOr(`alarms.kinds.${alarm.kind}`, alarm.title);

export const adviceOf = (alarm: Pick<Alarm, "kind" | "advice">): string => tOr(`alarms.advices.${alarm.kind}`, alarm.advice);

/** Where it is: a connector, a whole charge point, or what of the operator's money it is about. */
export function placeOf(alarm: Alarm): string {
  if (alarm.about === "money") return alarm.subject;
  return alarm.connector_no ? t("stations.gun", { no: alarm.connector_no }) : t("alarms.whole");
}

export function useAlarms(): Fetch<Alarm> {
  return (query) => ok(api.GET("/api/v1/alarms", { params: { query: query as never } }));
}
