import { beforeEach, describe, expect, it } from "vitest";
import { DriverSocket, LIMITS, Topics, type Credentials, type Phase, type StopCause, type TaskEvents } from "@/live/socket";
import type { Incoming } from "@/live/message";

/** A phone with a clock of its own, sockets that do what they are told, and a count of how many are open. */
class Phone {
  now = 0;
  timers: { at: number; act: () => void; id: number }[] = [];
  tasks: FakeTask[] = [];
  who: Credentials | null = { openid: "o1", token: "t1", deviceId: "device-1" };
  renewals = 0;
  canRenew: boolean | "network" = true;
  phases: [Phase, StopCause | undefined][] = [];
  heard: Incoming[] = [];
  mostTimers = 0;
  socket = new DriverSocket(
    {
      connect: (events) => {
        const task = new FakeTask(events);
        this.tasks.push(task);
        return task;
      },
      credentials: () => this.who,
      renew: async () => {
        this.renewals += 1;
        if (this.canRenew === "network") throw new Error("no network");
        if (this.canRenew) this.who = { openid: "o1", token: `t${this.renewals + 1}`, deviceId: "device-1" };
        return this.canRenew;
      },
      after: (ms, act) => {
        const timer = { at: this.now + ms, act, id: Math.random() };
        this.timers.push(timer);
        this.mostTimers = Math.max(this.mostTimers, this.timers.length);
        return timer;
      },
      cancel: (timer) => {
        this.timers = this.timers.filter((one) => one !== timer);
      },
      now: () => this.now,
      random: () => 0.5,
    },
    { phase: (phase, cause) => this.phases.push([phase, cause]), message: (message) => this.heard.push(message) },
  );

  pass(ms: number): void {
    const until = this.now + ms;
    for (;;) {
      const next = this.timers.filter((timer) => timer.at <= until).sort((one, other) => one.at - other.at)[0];
      if (!next) break;
      this.timers = this.timers.filter((timer) => timer !== next);
      this.now = next.at;
      next.act();
    }
    this.now = until;
  }
  get last(): FakeTask {
    return this.tasks[this.tasks.length - 1]!;
  }
  get openNow(): number {
    return this.tasks.filter((task) => !task.closed).length;
  }
  logIn(): void {
    this.socket.start();
    this.last.accept();
  }
}

class FakeTask {
  sent: { cmd: string; uid: string; msg: unknown }[] = [];
  closed = false;
  constructor(private readonly events: TaskEvents) {}
  send(text: string): void {
    this.sent.push(JSON.parse(text) as FakeTask["sent"][number]);
  }
  close(): void {
    this.closed = true;
  }
  open(): void {
    this.events.open();
  }
  say(cmd: string, msg: unknown): void {
    this.events.message(JSON.stringify({ cmd, src: "srv", dst: "wx", uid: "o1", msg }));
  }
  accept(): void {
    this.open();
    this.say("login", { ok: true, openid: "o1", driver_id: 7, server_time: "2026-11-25T20:00:00.000+08:00" });
  }
  drop(code = 1006): void {
    this.closed = true;
    this.events.close(code);
  }
  fail(): void {
    this.closed = true;
    this.events.error();
    this.events.close(1006);
  }
  cmds(): string[] {
    return this.sent.map((one) => one.cmd);
  }
}

const settle = async () => {
  for (let turn = 0; turn < 5; turn += 1) await Promise.resolve();
};

let phone: Phone;
beforeEach(() => {
  phone = new Phone();
});

describe("a connection", () => {
  it("logs in after the open, with the token in msg", () => {
    phone.socket.start();
    expect(phone.socket.phase).toBe("connecting");
    expect(phone.last.sent).toEqual([]);
    phone.last.open();
    expect(phone.last.sent).toEqual([{ cmd: "login", src: "wx", dst: "srv", uid: "o1", msg: { token: "t1", device_id: "device-1" } }]);
    expect(phone.socket.phase).toBe("connecting");
    phone.last.say("login", { ok: true, openid: "o1" });
    expect(phone.socket.phase).toBe("open");
  });

  it("is one, however often it is asked for", () => {
    phone.socket.start();
    phone.socket.start();
    phone.last.accept();
    phone.socket.start();
    expect(phone.tasks).toHaveLength(1);
  });

  it("reads msg as an object, as text and as nothing, and ignores what it does not know", () => {
    phone.logIn();
    phone.last.say("state", JSON.stringify({ orders: {} }));
    phone.last.say("notice", null);
    phone.last.say("something_new", { a: 1 });
    expect(phone.heard.map((one) => [one.cmd, one.msg])).toEqual([
      ["login", expect.objectContaining({ ok: true })],
      ["state", { orders: {} }],
      ["notice", {}],
      ["something_new", { a: 1 }],
    ]);
  });

  it("never has more than one timer", () => {
    phone.logIn();
    phone.pass(200_000);
    for (let times = 0; times < 30; times += 1) {
      phone.last.drop();
      phone.pass(40_000);
    }
    expect(phone.mostTimers).toBe(1);
  });
});

describe("a lost connection", () => {
  it("comes back after three seconds and logs in again", () => {
    phone.logIn();
    phone.last.drop();
    expect(phone.socket.phase).toBe("closed");
    phone.pass(LIMITS.retryMs - 1);
    expect(phone.tasks).toHaveLength(1);
    phone.pass(LIMITS.jitterMs + 1);
    expect(phone.tasks).toHaveLength(2);
    phone.last.accept();
    expect(phone.last.cmds()).toContain("login");
    expect(phone.socket.phase).toBe("open");
  });

  it("makes no storm when a handshake takes longer than the retry: never two sockets at once", () => {
    phone.socket.start();
    for (let second = 0; second < 120; second += 1) {
      phone.pass(1000);
      expect(phone.openNow).toBeLessThanOrEqual(1);
    }
    // 10 s of handshake and 3.3 s of pause each: 9 attempts in two minutes, not 40.
    expect(phone.tasks.length).toBeLessThanOrEqual(10);
    expect(phone.tasks.length).toBeGreaterThanOrEqual(8);
  });

  it("ignores what a former task still says", () => {
    phone.logIn();
    const former = phone.last;
    former.drop();
    phone.pass(4000);
    phone.last.accept();
    const before = phone.tasks.length;
    former.say("kick", { reason: "elsewhere" });
    former.fail();
    expect(phone.socket.phase).toBe("open");
    phone.pass(4000);
    expect(phone.tasks).toHaveLength(before);
  });

  it("counts an error and the close after it once", () => {
    phone.socket.start();
    phone.last.fail();
    phone.pass(3400);
    expect(phone.tasks).toHaveLength(2);
  });

  it("tries every three seconds ten times, then more slowly, and never slower than half a minute", () => {
    phone.socket.start();
    const moments: number[] = [];
    for (let attempt = 0; attempt < 30; attempt += 1) {
      const before = phone.tasks.length;
      phone.last.fail();
      while (phone.tasks.length === before) phone.pass(100);
      moments.push(phone.now);
    }
    const pauses = moments.slice(1).map((moment, index) => moment - moments[index]!);
    expect(Math.max(...pauses.slice(0, 8))).toBeLessThanOrEqual(3700);
    expect(pauses[15]).toBeGreaterThan(10_000);
    expect(Math.max(...pauses)).toBeLessThanOrEqual(LIMITS.longestMs + LIMITS.jitterMs);
  });

  it("starts from three seconds again once it was open", () => {
    phone.socket.start();
    for (let attempt = 0; attempt < 20; attempt += 1) {
      phone.last.fail();
      phone.pass(31_000);
    }
    phone.last.accept();
    phone.last.drop();
    phone.pass(3700);
    expect(phone.last.closed).toBe(false);
  });

  it("waits longer where the server asks for it", () => {
    phone.logIn();
    phone.last.drop(1008);
    phone.pass(29_000);
    expect(phone.tasks).toHaveLength(1);
    phone.pass(2000);
    expect(phone.tasks).toHaveLength(2);
  });
});

describe("being refused", () => {
  it("signs in anew and connects with the new token", async () => {
    phone.socket.start();
    phone.last.open();
    phone.last.say("login", { ok: false, code: "not_signed_in", message: "" });
    phone.last.drop(4401);
    await settle();
    expect(phone.renewals).toBe(1);
    phone.last.open();
    expect(phone.last.sent[0]!.msg).toEqual({ token: "t2", device_id: "device-1" });
  });

  it("asks a person after the second new token is refused as well", async () => {
    phone.socket.start();
    for (let times = 0; times < 5 && phone.socket.phase !== "stopped"; times += 1) {
      phone.last.open();
      phone.last.say("login", { ok: false, code: "not_signed_in" });
      await settle();
    }
    expect(phone.phases[phone.phases.length - 1]).toEqual(["stopped", "signed_out"]);
    expect(phone.renewals).toBe(2);
    phone.pass(600_000);
    expect(phone.openNow).toBe(0);
  });

  it("stops where nobody can be signed in without being asked", async () => {
    phone.canRenew = false;
    phone.logIn();
    phone.last.drop(4401);
    await settle();
    expect(phone.phases[phone.phases.length - 1]).toEqual(["stopped", "signed_out"]);
  });

  it("tries again later when signing in anew found no network", async () => {
    phone.canRenew = "network";
    phone.logIn();
    phone.last.drop(4401);
    await settle();
    expect(phone.socket.phase).toBe("closed");
    phone.pass(3700);
    expect(phone.tasks).toHaveLength(2);
  });

  it("does not sign in anew when the server only wants to be left alone", async () => {
    phone.socket.start();
    phone.last.open();
    phone.last.say("login", { ok: false, code: "too_many_logins" });
    await settle();
    expect(phone.renewals).toBe(0);
    phone.pass(9000);
    expect(phone.tasks).toHaveLength(1);
    phone.pass(2000);
    expect(phone.tasks).toHaveLength(2);
  });

  it("does not connect while nobody is signed in, and does once somebody is", () => {
    phone.who = null;
    phone.socket.start();
    expect(phone.tasks).toHaveLength(0);
    expect(phone.socket.phase).toBe("stopped");
    phone.who = { openid: "", token: "t9", deviceId: "device-1" };
    phone.socket.start();
    expect(phone.tasks).toHaveLength(1);
  });
});

describe("a kick", () => {
  it.each([
    ["by message", () => phone.last.say("kick", { reason: "elsewhere" })],
    ["by close code only", () => phone.last.drop(4409)],
  ])("%s ends it for good: two phones do not fight", (_, kick) => {
    phone.logIn();
    kick();
    phone.last.drop(4409);
    phone.pass(3_600_000);
    phone.socket.hide();
    phone.pass(60_000);
    phone.socket.show();
    expect(phone.tasks).toHaveLength(1);
    expect(phone.phases[phone.phases.length - 1]).toEqual(["stopped", "kicked"]);
  });

  it("is undone by a person's tap", () => {
    phone.logIn();
    phone.last.say("kick", {});
    phone.socket.start();
    phone.last.accept();
    expect(phone.socket.phase).toBe("open");
  });
});

describe("silence", () => {
  it("is broken by a ping after half a minute; without an answer the connection is given up", () => {
    phone.logIn();
    phone.pass(LIMITS.pingMs);
    expect(phone.last.cmds()).toEqual(["login", "ping"]);
    phone.pass(LIMITS.pongMs);
    expect(phone.socket.phase).toBe("closed");
    expect(phone.tasks[0]!.closed).toBe(true);
  });

  it("is no silence while the server speaks", () => {
    phone.logIn();
    for (let times = 0; times < 10; times += 1) {
      phone.pass(20_000);
      phone.last.say("patch", {});
    }
    expect(phone.last.cmds()).toEqual(["login"]);
    phone.pass(LIMITS.pingMs);
    phone.last.say("pong", {});
    phone.pass(LIMITS.pongMs + 1000);
    expect(phone.socket.phase).toBe("open");
  });
});

describe("the background", () => {
  it("of more than five seconds is a new connection at once", () => {
    phone.logIn();
    phone.socket.hide();
    phone.now += 6000; // timers do not run there
    phone.socket.show();
    expect(phone.tasks).toHaveLength(2);
    expect(phone.tasks[0]!.closed).toBe(true);
    phone.last.accept();
    expect(phone.last.cmds()).toEqual(["login"]);
  });

  it("of a moment is a ping, and the state asked again", () => {
    phone.logIn();
    phone.socket.hide();
    phone.pass(1000);
    phone.socket.show();
    expect(phone.last.cmds()).toEqual(["login", "ping", "state"]);
    phone.last.say("pong", {});
    phone.pass(5000);
    expect(phone.socket.phase).toBe("open");
  });

  it("does not trust a socket that says it is open and does not answer within two seconds", () => {
    phone.logIn();
    phone.socket.hide();
    phone.pass(1000);
    phone.socket.show();
    phone.pass(LIMITS.wakeMs);
    expect(phone.socket.phase).toBe("closed");
  });

  it("ends a long pause between attempts", () => {
    phone.socket.start();
    for (let attempt = 0; attempt < 20; attempt += 1) {
      phone.last.fail();
      phone.pass(31_000);
    }
    phone.last.fail();
    phone.socket.hide();
    phone.now += 1000;
    const before = phone.tasks.length;
    phone.socket.show();
    expect(phone.tasks).toHaveLength(before + 1);
  });
});

describe("topics", () => {
  it("are watched after every login, once for many watchers", () => {
    phone.socket.watch("session:1");
    phone.logIn();
    phone.socket.watch("session:1");
    phone.socket.watch("order:2");
    expect(phone.last.sent.slice(1).map((one) => one.msg)).toEqual([{ topics: ["session:1"] }, { topics: ["order:2"] }]);
    phone.last.drop();
    phone.pass(4000);
    phone.last.accept();
    expect(phone.last.sent[1]!.msg).toEqual({ topics: ["session:1", "order:2"] });
    phone.socket.unwatch("session:1");
    expect(phone.last.cmds()).toEqual(["login", "watch"]);
    phone.socket.unwatch("session:1");
    expect(phone.last.cmds()).toEqual(["login", "watch", "unwatch"]);
  });

  it("keep nothing to be sent later", () => {
    phone.logIn();
    phone.last.drop();
    expect(phone.socket.ask()).toBe(false);
    phone.pass(4000);
    phone.last.accept();
    expect(phone.last.cmds()).toEqual(["login"]);
  });

  it("put snapshots and patches together, and believe no patch before its snapshot", () => {
    const topics = new Topics();
    expect(topics.patch("a", { x: 1 })).toBeUndefined();
    topics.snapshot("a", { x: 1, deep: { y: 2, z: 3 } });
    expect(topics.patch("a", { deep: { z: null }, x: 5 })).toEqual({ x: 5, deep: { y: 2 } });
  });
});

describe("stopping", () => {
  it("hangs up and stays away", () => {
    phone.logIn();
    phone.socket.stop();
    phone.pass(3_600_000);
    expect(phone.openNow).toBe(0);
    expect(phone.tasks).toHaveLength(1);
  });

  it("survives a task that cannot send or close", () => {
    phone.logIn();
    phone.last.send = () => {
      throw new Error("gone");
    };
    phone.last.close = () => {
      throw new Error("gone");
    };
    phone.pass(LIMITS.pingMs);
    expect(phone.socket.phase).toBe("closed");
    phone.pass(4000);
    expect(phone.tasks).toHaveLength(2);
  });
});
