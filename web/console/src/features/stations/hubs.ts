// What a hub is said to be doing, from the charge points behind it and its own sensors.
import type { Schemas } from "@/api/client";

type Hub = Pick<Schemas["HubOut"], "retired" | "smoke" | "charge_points" | "online">;
export type HubState = "retired" | "smoke" | "online" | "part" | "offline" | "alone";

export const HUB_TONES = { retired: "quiet", smoke: "bad", online: "good", part: "warn", offline: "bad", alone: "quiet" } as const;

/** Smoke before anything else; a hub without a charge point behind it is alone. */
export function hubState(hub: Hub): HubState {
  if (hub.smoke) return "smoke";
  if (hub.retired) return "retired";
  if (!hub.charge_points) return "alone";
  if (!hub.online) return "offline";
  return hub.online < hub.charge_points ? "part" : "online";
}

const scaled = (value: number | null, unit: string, by: number, digits: number) => (value === null ? "" : `${(value / by).toFixed(digits)} ${unit}`);

/** From millivolts, milliamperes and milliwatt-hours, as people read them; nothing for null. */
export const volts = (value: number | null) => scaled(value, "V", 1000, 1);
export const amperes = (value: number | null) => scaled(value, "A", 1000, 2);
export const kilowattHours = (value: number | null) => scaled(value, "kWh", 1_000_000, 1);
