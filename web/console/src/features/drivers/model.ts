import type { Schemas } from "@/api/client";

export type PassState = "ended" | "used" | "waiting" | "over" | "valid";
export const PASS_TONES = { ended: "quiet", used: "quiet", waiting: "busy", over: "quiet", valid: "good" } as const;

/** Whether a pass counts now, and why not. */
export function passState(pass: Pick<Schemas["PassOut"], "ended_at" | "uses_left" | "valid_from" | "valid_until">, now = Date.now()): PassState {
  if (pass.ended_at !== null) return "ended";
  if (pass.uses_left === 0) return "used";
  if (now < Date.parse(pass.valid_from)) return "waiting";
  return now < Date.parse(pass.valid_until) ? "valid" : "over";
}
