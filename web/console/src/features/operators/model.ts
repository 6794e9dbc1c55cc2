// What may be done here, what was done, and by whom.
import type { Schemas } from "@/api/client";

export type Role = Schemas["Role"];
export const ROLES: Role[] = ["administrator", "dispatcher", "operations", "finance", "maintenance", "auditor", "demo"];

/** So many stations somebody may be limited to. */
export const MAX_STATIONS = 200;

/** Everything the audit log knows, by the thing it is about. */
export const ACTIONS = [
  "staff.create", "staff.change", "staff.reset_password", "staff.change_own_password", "staff.end_session",
  "stations.create", "stations.change", "stations.remove", "station.fire_guard", "charge_points.create", "charge_points.change", "charge_points.remove", "connectors.renew_qr_code", "hubs.change",
  "tariff.create", "tariff.rename", "tariff.create_version", "tariff.cancel_version", "tariff.assign", "tariff.cancel_assignment", "tariff.push",
  "driver.create", "driver.change", "driver.freeze", "driver.unfreeze", "driver.reveal_phone", "driver.bind_phone", "driver.issue_token", "driver.revoke_token",
  "card.create", "card.change", "card.remove", "vehicle.create", "vehicle.remove", "pass.sell", "pass.end",
  "wallet.top_up", "wallet.adjust", "top_up_plan.add", "top_up_plan.end", "payment.check", "payment.refund", "payment_case.close", "refund.decide", "reconciliation.run", "reconciliation.sign",
  "orders.place", "orders.stop", "orders.close", "alarm.acknowledge", "alarm.close", "feedback.reply", "feedback.close", "feedback.reopen", "virtual_charge_point.act",
] as const;

/** "tariff.create_version" → "tariff_create_version": a key among the texts. */
export const actionKey = (action: string): string => action.replaceAll(".", "_");

/** Subjects and what may be done to them, as a table: "stations.read" → stations, read. */
export function grants(permissions: string[]): { subject: string; verbs: string[] }[] {
  const bySubject = new Map<string, string[]>();
  for (const permission of permissions) {
    const [subject, verb] = permission.split(".") as [string, string];
    bySubject.set(subject, [...(bySubject.get(subject) ?? []), verb]);
  }
  return [...bySubject].map(([subject, verbs]) => ({ subject, verbs }));
}

const PAGES = new Map([["station", "/stations/"], ["charge_point", "/charge-points/"], ["driver", "/drivers/"]]);

/** Where the page of an object is: "station:3" → /stations/3; undefined for what has none. */
export function pageOf(object: string): string | undefined {
  const [kind, id] = object.split(/:(.*)/) as [string, string | undefined];
  if (!id) return undefined;
  const path = PAGES.get(kind);
  return path && /^[0-9A-F]+$/.test(id) ? `${path}${id}` : undefined;
}

/** A password nobody has to invent: 20 characters that are told apart. */
export function newPassword(): string {
  const letters = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz23456789";
  let made = "";
  while (made.length < 20) {
    const [byte] = crypto.getRandomValues(new Uint8Array(1)) as unknown as [number];
    // A byte beyond the last whole round of letters would favour the first of them.
    if (byte < letters.length * Math.trunc(256 / letters.length)) made += letters[byte % letters.length];
  }
  return made;
}
