// One WebSocket for the app: one task, one state, one timer.
//
//   idle ── start ──▶ connecting ── open, login answered ──▶ open
//                        │  ▲                                  │
//                        ▼  │ 3 s                              │ lost, silent, 5 s in the background
//                       closed ◀───────────────────────────────┘
//   stopped: told to, kicked by a newer connection, or nobody we know; only start() leaves it.
//
// Events of a task that is not the present one are ignored. Nothing with side effects is sent here or kept for later:
// starting, stopping and paying go by REST with an idempotency key.
import { merge, type Json } from "@/core/merge";
import { decode, encode, type Incoming } from "./message";

export type Phase = "idle" | "connecting" | "open" | "closed" | "stopped";
export type StopCause = "asked" | "kicked" | "signed_out";

export interface Task {
  send(text: string): void;
  close(): void;
}
export interface TaskEvents {
  open(): void;
  message(text: unknown): void;
  close(code: number): void;
  error(): void;
}
export interface Credentials {
  openid: string;
  token: string;
  deviceId: string;
}
export interface Ports {
  connect(events: TaskEvents): Task;
  /** Null while nobody is signed in. */
  credentials(): Credentials | null;
  /** Sign in anew without asking anybody; false when that cannot be done. */
  renew(): Promise<boolean>;
  after(ms: number, act: () => void): unknown;
  cancel(timer: unknown): void;
  now(): number;
  random(): number;
}
export interface Listener {
  phase?(phase: Phase, cause?: StopCause): void;
  message?(message: Incoming): void;
}

export const LIMITS = {
  handshakeMs: 10_000,
  pingMs: 30_000,
  pongMs: 10_000,
  /** After the background an answer has to come sooner. */
  wakeMs: 2_000,
  /** In the background longer than this, the connection is given up unasked: systems cut it and do not tell. */
  hiddenMs: 5_000,
  retryMs: 3_000,
  jitterMs: 600,
  patience: 10,
  longestMs: 30_000,
} as const;

/** Close codes after which the server wants to be left alone for longer than usual. */
const LATER_MS: Record<number, number> = { 1008: 30_000, 1013: 10_000 };

export class DriverSocket {
  phase: Phase = "idle";
  private task: Task | null = null;
  private timer: unknown = null;
  private failures = 0;
  private renewals = 0;
  private hiddenAt: number | null = null;
  private round = 0;
  private readonly topics = new Map<string, number>();

  constructor(
    private readonly ports: Ports,
    private readonly listener: Listener,
  ) {}

  /** Connect, also after a kick or a sign-out; does nothing while it is at it. */
  start(): void {
    if (this.phase === "connecting" || this.phase === "open") return;
    this.failures = 0;
    this.renewals = 0;
    this.connect();
  }

  /** Hang up and stay away. */
  stop(cause: StopCause = "asked"): void {
    this.drop();
    this.become("stopped", cause);
  }

  /** Somebody looks at a topic; it is asked for again after each login until nobody does. */
  watch(topic: string): void {
    const watchers = (this.topics.get(topic) ?? 0) + 1;
    this.topics.set(topic, watchers);
    if (watchers === 1 && this.phase === "open") this.send("watch", { topics: [topic] });
  }

  unwatch(topic: string): void {
    const watchers = (this.topics.get(topic) ?? 0) - 1;
    if (watchers > 0) {
      this.topics.set(topic, watchers);
      return;
    }
    if (this.topics.delete(topic) && this.phase === "open") this.send("unwatch", { topics: [topic] });
  }

  /** The whole state, please; false when there is nobody to ask. */
  ask(): boolean {
    if (this.phase !== "open") return false;
    this.send("state", null);
    return true;
  }

  hide(): void {
    this.hiddenAt = this.ports.now();
  }

  /** Back from the background: what the system says of the old connection is not believed. */
  show(): void {
    const hiddenMs = this.hiddenAt === null ? 0 : this.ports.now() - this.hiddenAt;
    this.hiddenAt = null;
    if (this.phase === "idle" || this.phase === "stopped") return;
    if (this.phase !== "open" || hiddenMs > LIMITS.hiddenMs) {
      this.failures = 0;
      this.connect();
      return;
    }
    this.ping(LIMITS.wakeMs);
    this.send("state", null);
  }

  // ---- one connection ----------------------------------------------------------------------------------------------

  private connect(): void {
    this.drop();
    const who = this.ports.credentials();
    if (!who) {
      this.become("stopped", "signed_out");
      return;
    }
    const round = this.round;
    const mine = (act: () => void) => () => {
      if (round === this.round) act();
    };
    this.become("connecting");
    this.arm(LIMITS.handshakeMs, () => this.lost(0));
    this.task = this.ports.connect({
      open: mine(() => this.write(encode("login", who.openid, { token: who.token, device_id: who.deviceId }))),
      message: (text) => mine(() => this.read(decode(text)))(),
      close: (code) => mine(() => this.lost(code))(),
      error: mine(() => this.lost(0)),
    });
  }

  private read(message: Incoming | null): void {
    if (!message) return;
    if (message.cmd === "login") this.loggedIn(message);
    else if (message.cmd === "kick") this.stop("kicked");
    else if (this.phase === "open") this.heard(message);
  }

  private loggedIn(message: Incoming): void {
    if (this.phase !== "connecting") return;
    if (message.msg.ok !== true) {
      // The close that follows says what to do; where a system loses its code, what the server said decides.
      const code = message.msg.code;
      const later = code === "too_many_logins" || code === "live_connections" || code === "wechat_unavailable";
      this.lost(later ? 1013 : 4401);
      return;
    }
    this.failures = 0;
    this.renewals = 0;
    this.become("open");
    this.rest();
    this.listener.message?.(message);
    if (this.topics.size) this.send("watch", { topics: [...this.topics.keys()] });
  }

  private heard(message: Incoming): void {
    this.rest();
    this.listener.message?.(message);
  }

  /** Quiet until the next ping; every word of the server puts it off. */
  private rest(): void {
    this.arm(LIMITS.pingMs, () => {
      this.ping(LIMITS.pongMs);
    });
  }

  /** An answer within so long, or the connection is given up; it may be given up while sending already. */
  private ping(withinMs: number): void {
    this.arm(withinMs, () => this.lost(0));
    this.send("ping", null);
  }

  private lost(code: number): void {
    this.drop();
    if (code === 4409) {
      this.become("stopped", "kicked");
    } else if (code === 4401) {
      this.signInAnew();
    } else {
      this.failures += 1;
      this.become("closed");
      this.arm(Math.max(this.pauseMs(), LATER_MS[code] ?? 0), () => this.connect());
    }
  }

  /** Once without a pause; when the new token is refused as well, people have to look. */
  private signInAnew(): void {
    this.become("closed");
    this.renewals += 1;
    if (this.renewals > 2) {
      this.become("stopped", "signed_out");
      return;
    }
    const round = this.round;
    void this.ports.renew().then(
      (renewed) => {
        if (round !== this.round || this.phase !== "closed") return;
        if (renewed) this.connect();
        else this.become("stopped", "signed_out");
      },
      () => {
        if (round === this.round && this.phase === "closed") this.arm(this.pauseMs(), () => this.connect());
      },
    );
  }

  private pauseMs(): number {
    const beyond = Math.max(0, this.failures - LIMITS.patience);
    const pause = Math.min(LIMITS.longestMs, LIMITS.retryMs * 1.5 ** beyond);
    return Math.round(pause + this.ports.random() * LIMITS.jitterMs);
  }

  /** The present connection is none of ours any more: its events change nothing, its timer is gone. */
  private drop(): void {
    this.round += 1;
    this.disarm();
    const task = this.task;
    this.task = null;
    try {
      task?.close();
    } catch {
      // A task that cannot be closed is closed already.
    }
  }

  private send(cmd: string, msg: Json): void {
    if (this.phase === "open") this.write(encode(cmd, this.ports.credentials()?.openid ?? "", msg));
  }

  private write(text: string): void {
    try {
      this.task?.send(text);
    } catch {
      this.lost(0);
    }
  }

  private arm(ms: number, act: () => void): void {
    this.disarm();
    this.timer = this.ports.after(ms, () => {
      this.timer = null;
      act();
    });
  }

  private disarm(): void {
    if (this.timer !== null) this.ports.cancel(this.timer);
    this.timer = null;
  }

  private become(phase: Phase, cause?: StopCause): void {
    if (this.phase === phase && !cause) return;
    this.phase = phase;
    this.listener.phase?.(phase, cause);
  }
}

/** Snapshots and patches of topics put together; a patch without a snapshot before it is not believed. */
export class Topics {
  private readonly states = new Map<string, Json>();

  snapshot(topic: string, state: Json): Json {
    this.states.set(topic, state);
    return state;
  }

  patch(topic: string, patch: Json): Json | undefined {
    const known = this.states.get(topic);
    if (known === undefined) return undefined;
    const merged = merge(known, patch);
    this.states.set(topic, merged);
    return merged;
  }

  forget(topic: string): void {
    this.states.delete(topic);
  }

  clear(): void {
    this.states.clear();
  }
}
