import type { Schemas } from "@/api/client";

export type Session = Schemas["SessionOut"];

export const STATES = [
  "charging", "starting", "awaiting_plug", "requested", "unconfirmed", "stopping", "awaiting_record", "unauthorised", "recorded", "estimated", "rejected", "failed",
] as const;

const TONES: Record<string, "good" | "busy" | "warn" | "bad" | "quiet"> = {
  charging: "busy", starting: "warn", requested: "warn", awaiting_plug: "warn", unconfirmed: "warn", stopping: "warn", awaiting_record: "warn",
  unauthorised: "bad", rejected: "bad", failed: "bad", recorded: "good", estimated: "good",
};

export const toneOf = (state: string) => TONES[state] ?? "quiet";

/** States in which energy may flow, so that somebody may want to stop it. */
export const canStop = (state: string): boolean => ["charging", "starting", "awaiting_plug", "unconfirmed", "requested"].includes(state);

/** A charge that lasts longer than this is looked at: cars are full by then. */
export const OVER_TIME_S = 10 * 3600;

export const isOverTime = (session: Pick<Session, "state" | "charged_s">): boolean => session.state === "charging" && session.charged_s > OVER_TIME_S;
