// What a driver may tell the operator, and what is still missing before it can be sent.

export type FeedbackKind = "fault" | "dispute" | "suggestion";
export const KINDS: FeedbackKind[] = ["fault", "dispute", "suggestion"];
export const MAX_TEXT = 500;
export const MAX_CONTACT = 64;
export const MAX_PHOTOS = 3;
/** How a state looks, in the words of connectors. */
export const TONES: Record<string, string> = { open: "occupied", answered: "available", closed: "" };

export interface Draft {
  kind: FeedbackKind;
  code: string;
  no: number;
  order: string;
  text: string;
  contact: string;
}

const CODE = /^([0-9]{14}|[0-9A-F]{8})$/;

/** What has to be filled in first; empty when it can be sent. */
export function missingIn(draft: Draft): "" | "order" | "place" | "text" {
  if (draft.kind === "dispute" && !draft.order) return "order";
  if (draft.kind === "fault" && !draft.order && !CODE.test(draft.code)) return "place";
  return draft.text.trim() ? "" : "text";
}

/** Where it is about, as the platform wants it: an order has its place with it, a suggestion needs none. */
export function place(draft: Draft): { order_no?: string; charge_point_code?: string; connector_no?: number } {
  if (draft.kind === "suggestion") return {};
  if (draft.order) return { order_no: draft.order };
  return CODE.test(draft.code) ? { charge_point_code: draft.code, connector_no: draft.no } : {};
}
