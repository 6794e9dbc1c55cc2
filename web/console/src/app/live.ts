// The one WebSocket: whoever shows something live watches its topic; snapshots, then patches; comes back by itself.
import { onScopeDispose, reactive, shallowRef, triggerRef, watch, type Ref, type ShallowRef } from "vue";
import { api, ok } from "@/api/client";
import { merged } from "./merge";

export const FIRST_PAUSE_MS = 1000;
export const LONGEST_PAUSE_MS = 20_000;

type Told = { topic: string; snapshot?: unknown; patch?: unknown; error?: { code: string } };
type Hear = (state: unknown, error: string | null) => void;

interface Watched {
  state: unknown;
  error: string | null;
  hearers: Set<Hear>;
}

/** What the store needs of the world; tests give it another one. */
export interface World {
  connect(): Promise<WebSocket>;
  later(act: () => void, ms: number): unknown;
  /** Between 0 and 1. */
  chance(): number;
}

export class Live {
  readonly state = reactive({ connected: false, wanted: false });
  private readonly topics = new Map<string, Watched>();
  private socket: WebSocket | null = null;
  private pause = FIRST_PAUSE_MS;
  private opening = false;

  constructor(private readonly world: World) {}

  /** Hear what a topic says until the answer is called. */
  watch(topic: string, hear: Hear): () => void {
    let watched = this.topics.get(topic);
    if (watched) {
      if (watched.state !== undefined || watched.error) hear(watched.state, watched.error);
    } else {
      watched = { state: undefined, error: null, hearers: new Set() };
      this.topics.set(topic, watched);
      this.send("subscribe", topic);
    }
    watched.hearers.add(hear);
    this.state.wanted = true;
    if (!this.socket && !this.opening) void this.open();
    return () => this.forget(topic, hear);
  }

  /** Nobody is signed in any more. */
  close(): void {
    this.state.wanted = false;
    this.topics.clear();
    this.socket?.close();
    this.socket = null;
    this.state.connected = false;
  }

  private forget(topic: string, hear: Hear): void {
    const watched = this.topics.get(topic);
    if (!watched?.hearers.delete(hear) || watched.hearers.size) return;
    this.topics.delete(topic);
    this.send("unsubscribe", topic);
  }

  private send(op: string, topic: string): void {
    if (this.socket && this.state.connected) this.socket.send(JSON.stringify({ op, topic }));
  }

  private async open(): Promise<void> {
    this.opening = true;
    let socket: WebSocket;
    try {
      socket = await this.world.connect();
    } catch {
      this.opening = false;
      return this.again();
    }
    this.opening = false;
    if (!this.state.wanted) return socket.close();
    this.socket = socket;
    socket.onopen = () => {
      this.pause = FIRST_PAUSE_MS;
      this.state.connected = true;
      for (const topic of this.topics.keys()) this.send("subscribe", topic);
    };
    socket.onmessage = ({ data }) => this.hear(JSON.parse(String(data)) as Told);
    socket.onclose = () => {
      if (this.socket !== socket) return;
      this.socket = null;
      this.state.connected = false;
      this.again();
    };
  }

  private hear(told: Told): void {
    const watched = this.topics.get(told.topic);
    if (!watched) return;
    if (told.error) watched.error = told.error.code;
    else {
      watched.error = null;
      watched.state = "snapshot" in told ? told.snapshot : merged(watched.state, told.patch);
    }
    for (const hear of watched.hearers) hear(watched.state, watched.error);
  }

  private again(): void {
    if (!this.state.wanted) return;
    const pause = this.pause * (0.75 + this.world.chance() / 2);
    this.pause = Math.min(this.pause * 2, LONGEST_PAUSE_MS);
    this.world.later(() => {
      if (this.state.wanted && !this.socket && !this.opening) void this.open();
    }, pause);
  }
}

export const live = new Live({
  async connect() {
    const { ticket } = await ok(api.POST("/api/v1/live/tickets", { body: undefined as never }));
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    return new WebSocket(`${scheme}//${location.host}/api/v1/live?ticket=${encodeURIComponent(ticket)}`);
  },
  later: (act, ms) => setTimeout(act, ms),
  chance: Math.random,
});

/** The state of a topic as long as the component lives, drawn at most once a frame; null while there is none. */
export function useTopic<T>(topic: () => string | null): { state: ShallowRef<T | null>; error: Ref<string | null> } {
  const state = shallowRef<T | null>(null);
  const error = shallowRef<string | null>(null);
  let stop = () => {};
  let due = 0;
  let latest: T | null = null;
  watch(
    topic,
    (name) => {
      stop();
      latest = state.value = error.value = null;
      if (!name) return;
      stop = live.watch(name, (told, code) => {
        latest = (told as T | undefined) ?? null;
        error.value = code;
        due ||= requestAnimationFrame(() => {
          due = 0;
          state.value = latest;
          triggerRef(state);
        });
      });
    },
    { immediate: true },
  );
  onScopeDispose(() => {
    stop();
    cancelAnimationFrame(due);
  });
  return { state, error };
}
