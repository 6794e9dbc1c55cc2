// What is known live of the driver who is signed in, for pages to show.
import { computed, reactive } from "vue";
import { isObject, type Json } from "@/core/merge";
import { epochMs } from "@/core/time";
import { clock } from "@/api/client";
import { connect } from "@/platform/connect";
import { deviceId, renew, session } from "@/state/session";
import type { Balance } from "@/api/endpoints";
import { DriverSocket, Topics, type Phase, type StopCause } from "./socket";
import type { Incoming } from "./message";

export interface LiveSession {
  state: string;
  soc_pct: number;
  soc_start_pct?: number | null;
  power_w: number;
  voltage_mv: number;
  current_ma: number;
  energy_mwh: number;
  amount_yuan: string;
  charged_s: number;
  remaining_s: number;
  requested_at?: string;
  evidence_at?: string;
  stop_reason: string;
  refusal: string;
}
export interface LiveOrder {
  order_no: string;
  session_no: string;
  order_state: string;
  charge_point_code: string;
  connector_no: number;
  station_id: number;
  energy_mwh: number;
  total_fen: number;
  hold_fen: number;
  session?: LiveSession;
}
export interface Notice {
  kind: string;
  order_no?: string;
  amount_fen?: number;
  available_fen?: number;
}

interface Live {
  phase: Phase;
  cause: StopCause | "";
  /** Server time of the last word. */
  heardAt: number;
  /** Whether the whole state has come since the connection was made. */
  whole: boolean;
  orders: Record<string, LiveOrder>;
  wallet: Balance | null;
  /** Answers to what I told that I have not seen. */
  unread: number;
  sessions: Record<string, LiveSession>;
}

export const live = reactive<Live>({ phase: "idle", cause: "", heardAt: 0, whole: false, orders: {}, wallet: null, unread: 0, sessions: {} });

/** Whether what is shown is what is: only then may money be spent. */
export const isFresh = computed(() => live.phase === "open" && live.whole);

const topics = new Topics();
const hearers = new Set<(message: Incoming) => void>();

const socket = new DriverSocket(
  {
    connect,
    credentials: () => (session.token ? { openid: session.openid, token: session.token, deviceId: deviceId() } : null),
    renew,
    after: (ms, act) => setTimeout(act, ms),
    cancel: (timer) => clearTimeout(timer as ReturnType<typeof setTimeout>),
    now: () => Date.now(),
    random: Math.random,
  },
  {
    phase(phase, cause) {
      live.phase = phase;
      live.cause = cause ?? "";
      if (phase !== "open") live.whole = false;
    },
    message: hear,
  },
);

function hear(message: Incoming): void {
  const { cmd, msg } = message;
  if (typeof msg.server_time === "string") clock.learn(epochMs(msg.server_time));
  live.heardAt = clock.now();
  if (cmd === "login" && typeof msg.openid === "string" && !session.openid) session.openid = msg.openid;
  if (cmd === "state") whole(msg);
  else if (cmd === "snapshot") shown(String(msg.topic), topics.snapshot(String(msg.topic), msg.snapshot ?? {}));
  else if (cmd === "patch") patched(String(msg.topic), msg.patch ?? {});
  for (const hearer of hearers) hearer(message);
}

function mine(): string {
  return `driver:${session.driverId}`;
}

function whole(state: Json): void {
  shown(mine(), topics.snapshot(mine(), state));
  live.whole = true;
}

function patched(topic: string, patch: Json): void {
  const state = topics.patch(topic, patch);
  if (state !== undefined) shown(topic, state);
}

function shown(topic: string, state: Json): void {
  if (!isObject(state)) return;
  if (topic.startsWith("session:")) {
    live.sessions[topic.slice("session:".length)] = state as unknown as LiveSession;
  } else if (topic === mine()) {
    live.orders = (isObject(state.orders) ? state.orders : {}) as unknown as Record<string, LiveOrder>;
    live.wallet = isObject(state.wallet) ? (state.wallet as unknown as Balance) : live.wallet;
    live.unread = isObject(state.feedback) ? Number(state.feedback.unread ?? 0) : 0;
  }
}

export function startLive(): void {
  if (session.token) socket.start();
}

export function stopLive(): void {
  socket.stop();
  topics.clear();
  Object.assign(live, { orders: {}, wallet: null, unread: 0, sessions: {}, heardAt: 0 });
}

export const hideLive = (): void => socket.hide();

export function showLive(): void {
  socket.show();
}

/** A tap on "continue here" after another connection took over. */
export const resumeLive = startLive;

export function watchSession(no: string): () => void {
  const topic = `session:${no}`;
  socket.watch(topic);
  return () => {
    socket.unwatch(topic);
    topics.forget(topic);
  };
}

export const askState = (): boolean => socket.ask();

/** Be told of every message; returns how to be told no more. */
export function onMessage(hearer: (message: Incoming) => void): () => void {
  hearers.add(hearer);
  return () => hearers.delete(hearer);
}
