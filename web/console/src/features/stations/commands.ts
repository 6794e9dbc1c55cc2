// What a charge point can be asked from here, by what it says it can do.
import type { Schemas } from "@/api/client";

type Kind = "reboot" | "sync_clock" | "set_work_parameters" | "read_sample" | "move_lock" | "set_qr_prefix" | "update_firmware" | "locate" | "push_tariff";

export interface Field {
  name: string;
  kind: "number" | "text" | "switch" | "connector";
  initial: number | string | boolean;
  min?: number;
  max?: number;
}

export interface Offer {
  kind: Kind;
  /** What the charge point has to be able to do. */
  needs: string;
  fields: Field[];
  /** Asked about once more: it may hurt somebody who charges. */
  risky?: boolean;
}

export const OFFERS: Offer[] = [
  { kind: "read_sample", needs: "read_sample", fields: [{ name: "connector_no", kind: "connector", initial: 1 }] },
  { kind: "sync_clock", needs: "clock", fields: [] },
  { kind: "push_tariff", needs: "tariff", fields: [], risky: true },
  {
    kind: "set_work_parameters",
    needs: "work_parameters",
    fields: [
      { name: "in_service", kind: "switch", initial: true },
      { name: "power_limit_pct", kind: "number", initial: 100, min: 30, max: 100 },
    ],
    risky: true,
  },
  { kind: "reboot", needs: "reboot", fields: [{ name: "when_idle", kind: "switch", initial: true }], risky: true },
  { kind: "set_qr_prefix", needs: "qr_prefix", fields: [{ name: "prefix", kind: "text", initial: "", max: 180 }, { name: "with_connector", kind: "switch", initial: true }] },
  { kind: "move_lock", needs: "parking_lock", fields: [{ name: "connector_no", kind: "connector", initial: 1 }, { name: "up", kind: "switch", initial: false }] },
  { kind: "locate", needs: "locate", fields: [{ name: "duration_s", kind: "number", initial: 10, min: 1, max: 255 }] },
  {
    kind: "update_firmware",
    needs: "firmware",
    fields: [
      { name: "is_dc", kind: "switch", initial: true },
      { name: "power_kw", kind: "number", initial: 120, min: 0, max: 65_535 },
      { name: "host", kind: "text", initial: "", max: 16 },
      { name: "port", kind: "number", initial: 21, min: 1, max: 65_535 },
      { name: "username", kind: "text", initial: "", max: 16 },
      { name: "password", kind: "text", initial: "", max: 16 },
      { name: "path", kind: "text", initial: "", max: 32 },
      { name: "when_idle", kind: "switch", initial: true },
    ],
    risky: true,
  },
];

/** Offers this charge point can honour; one that has never said what it can is offered everything. */
export function offersFor(capabilities: string[]): Offer[] {
  return capabilities.length ? OFFERS.filter((offer) => capabilities.includes(offer.needs)) : OFFERS;
}

export const OUTCOME_TONES: Record<string, "good" | "busy" | "warn" | "bad" | "quiet"> = {
  done: "good", refused: "bad", unanswered: "bad", expired: "warn", offline: "quiet", unsupported: "quiet",
};

export type CommandLine = Schemas["CommandOut"];

/** The log names commands as the platform's own types (SyncClock); here they are sync_clock. */
export const kindOf = (logged: string): string => logged.replace(/([a-z0-9])([A-Z])/g, "$1_$2").toLowerCase();
