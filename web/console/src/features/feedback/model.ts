import type { Schemas } from "@/api/client";

export type Feedback = Schemas["FeedbackOut"];
export const KINDS: Schemas["FeedbackKind"][] = ["fault", "dispute", "suggestion"];
export const STATES: Schemas["FeedbackState"][] = ["open", "answered", "closed"];
export const STATE_TONES = { open: "bad", answered: "busy", closed: "quiet" } as const;
