// What stations, charge points and connectors are like, without a page.
import type { Schemas } from "@/api/client";

export type ChargePoint = Schemas["ChargePointDetail"];
export type ConnectorState = "available" | "occupied" | "charging" | "faulted" | "offline" | "disabled";

export const STATES: ConnectorState[] = ["charging", "occupied", "available", "faulted", "offline", "disabled"];
export const TONES = { available: "good", occupied: "warn", charging: "busy", faulted: "bad", offline: "quiet", disabled: "quiet" } as const;

/** Beside every colour, so that nobody has to tell colours apart. */
export const SIGNS: Record<ConnectorState, string> = { available: "●", occupied: "◆", charging: "▶", faulted: "▲", offline: "○", disabled: "✕" };

/** A state as we know it; anything new counts as offline until we do. */
export function stateOf(text: string): ConnectorState {
  return (STATES as string[]).includes(text) ? (text as ConnectorState) : "offline";
}

/** What the live topic of a station says. */
export interface LiveConnector {
  state: string;
  plugged: boolean;
  fault_bits: number;
  session_no: string;
  since?: string;
  voltage_mv?: number;
  current_ma?: number;
  power_w?: number;
  energy_mwh?: number;
  soc_pct?: number;
}
export interface LivePoint {
  code: string;
  name: string;
  online: boolean;
  presence_since?: string;
  connectors: Record<string, LiveConnector>;
}
export interface LiveStation {
  id: number;
  name: string;
  charge_points: Record<string, LivePoint>;
}

/** The state that counts: nothing is known of a connector behind a dead connection, except that it is out of use. */
export function shownState(point: { online: boolean }, connector: { state: string }): ConnectorState {
  return point.online || connector.state === "disabled" ? stateOf(connector.state) : "offline";
}

/** How many connectors are in which state, and how many charge points are offline. */
export function tally(points: LivePoint[]): { states: Record<ConnectorState, number>; connectors: number; offlinePoints: number } {
  const states: Record<ConnectorState, number> = { available: 0, occupied: 0, charging: 0, faulted: 0, offline: 0, disabled: 0 };
  let connectors = 0;
  for (const point of points) {
    for (const connector of Object.values(point.connectors)) {
      states[shownState(point, connector)] += 1;
      connectors += 1;
    }
  }
  return { states, connectors, offlinePoints: points.filter((point) => !point.online).length };
}

/** 30208000 → 30.208000 */
export function degrees(udeg: number | null | undefined): string {
  if (udeg == null) return "";
  const whole = Math.trunc(Math.abs(udeg) / 1_000_000);
  return `${udeg < 0 ? "-" : ""}${whole}.${String(Math.abs(udeg) % 1_000_000).padStart(6, "0")}`;
}

/** The other way; null when empty, undefined when it is no such number. */
export function microdegrees(text: string, most: number): number | null | undefined {
  const trimmed = text.trim();
  if (!trimmed) return null;
  const match = /^(-?)(\d{1,3})(?:\.(\d{1,6}))?$/.exec(trimmed);
  if (!match) return undefined;
  const value = Number(match[2]) * 1_000_000 + Number((match[3] ?? "").padEnd(6, "0"));
  return value > most * 1_000_000 ? undefined : match[1] ? -value : value;
}

/** What is wrong first, then by code: how a wall is read. */
const URGENCY: Record<ConnectorState, number> = { faulted: 0, offline: 1, charging: 2, occupied: 3, available: 4, disabled: 5 };

export interface Place {
  point: LivePoint;
  no: string;
  connector: LiveConnector;
  state: ConnectorState;
}

/** Every connector of a station, in order of names; with what is wrong first when that is wanted. */
export function placesOf(points: LivePoint[], urgentFirst = false): Place[] {
  const places = points.flatMap((point) =>
    Object.entries(point.connectors).map(([no, connector]) => ({ point, no, connector, state: shownState(point, connector) })),
  );
  const order = (one: Place, other: Place) => one.point.name.localeCompare(other.point.name, "zh") || (one.point.code < other.point.code ? -1 : one.point.code > other.point.code ? 1 : Number(one.no) - Number(other.no));
  return places.sort((one, other) => (urgentFirst ? URGENCY[one.state] - URGENCY[other.state] : 0) || order(one, other));
}

/** Numbers of the bits that are set; bit 0 first. */
export function bits(value: number): number[] {
  const found: number[] = [];
  for (let bit = 0; bit < 31; bit++) if (value & (1 << bit)) found.push(bit);
  return found;
}
