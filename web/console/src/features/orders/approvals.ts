// Requests that a second person decides.
import { api, ok, type Schemas } from "@/api/client";
import { t, tOr } from "@/app/i18n";
import { session } from "@/app/session";
import { tellDone } from "@/ui/problems";

export type Approval = Schemas["ApprovalOut"];
type Asked = Schemas["RequestedOut"];

export const STATES = ["waiting", "approved", "rejected", "outdated", "expired"] as const;
export const TONES = { waiting: "warn", approved: "good", rejected: "quiet", outdated: "quiet", expired: "quiet" } as const;

/** order:2026… → 2026…; null when it is about something else. */
export const orderOf = (approval: Pick<Approval, "about">): string | null => /^order:(\d+)$/.exec(approval.about)?.[1] ?? null;

/** driver:7 → 7, in the same way. */
export const driverOf = (approval: Pick<Approval, "about">): string | null => /^driver:(\d+)$/.exec(approval.about)?.[1] ?? null;

/** What is asked for, in words. */
export function wish(approval: Pick<Approval, "kind" | "body">): string {
  if (approval.kind === "wallet.adjust") return t("drivers.money.adjust");
  const action = approval.kind === "orders.resolve" ? String(approval.body.action) : approval.kind.replace(/^.*\./, "");
  return tOr(`orders.act.${action}`, action);
}

/** Whether whoever is signed in asked for it, so that another one has to approve. */
export const isMine = (approval: Pick<Approval, "requested_by">): boolean => approval.requested_by === session.me?.staff.id;

/** What a decision came to: done, or asked for, with the number to ask about. Says so, too. */
export function told(answer: object, done: string): "done" | "asked" {
  if ("approval_id" in answer) {
    const asked = answer as Asked;
    tellDone(t("orders.approvals.asked", { no: asked.approval_id }));
    return "asked";
  }
  tellDone(done);
  return "done";
}

export async function decide(approval: Approval, verb: "approve" | "reject", note: string): Promise<void> {
  const params = { path: { approval_id: approval.id } };
  if (verb === "approve") await ok(api.POST("/api/v1/approvals/{approval_id}/approve", { params, body: { note } }));
  else await ok(api.POST("/api/v1/approvals/{approval_id}/reject", { params, body: { note } }));
}
