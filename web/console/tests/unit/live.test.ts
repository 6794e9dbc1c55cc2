import { expect, test, vi } from "vitest";
import { FIRST_PAUSE_MS, Live, LONGEST_PAUSE_MS } from "@/app/live";
import { merged } from "@/app/merge";

class Socket {
  sent: unknown[] = [];
  onopen = () => {};
  onmessage: (told: { data: string }) => void = () => {};
  onclose = () => {};
  send(text: string) {
    this.sent.push(JSON.parse(text));
  }
  close() {
    this.onclose();
  }
  say(told: unknown) {
    this.onmessage({ data: JSON.stringify(told) });
  }
}

/** A store whose world is in our hands. */
function world(refuse = () => false) {
  const sockets: Socket[] = [];
  const due: { act: () => void; ms: number }[] = [];
  const live = new Live({
    connect: async () => {
      if (refuse()) throw new Error("away");
      const socket = new Socket();
      sockets.push(socket);
      return socket as unknown as WebSocket;
    },
    later: (act, ms) => due.push({ act, ms }),
    chance: () => 0.5,
  });
  return { live, sockets, due, settle: () => new Promise((resolve) => setTimeout(resolve)) };
}

test("a snapshot, then patches, to whoever watches", async () => {
  const { live, sockets, settle } = world();
  const heard: unknown[] = [];
  live.watch("station:1", (state) => heard.push(state));
  await settle();
  const socket = sockets[0]!;
  socket.onopen();
  expect(socket.sent).toEqual([{ op: "subscribe", topic: "station:1" }]);
  socket.say({ topic: "station:1", snapshot: { a: { x: 1 }, b: 2 } });
  socket.say({ topic: "station:1", patch: { a: { y: 3 }, b: null } });
  socket.say({ topic: "station:9", patch: { b: 1 } });
  expect(heard).toEqual([{ a: { x: 1 }, b: 2 }, { a: { x: 1, y: 3 } }]);
});

test("who comes second is told at once, and the last who goes ends the subscription", async () => {
  const { live, sockets, settle } = world();
  const first = live.watch("t:1", () => {});
  await settle();
  sockets[0]!.onopen();
  sockets[0]!.say({ topic: "t:1", snapshot: { n: 1 } });
  const hear = vi.fn();
  const second = live.watch("t:1", hear);
  expect(hear).toHaveBeenCalledWith({ n: 1 }, null);
  first();
  expect(sockets[0]!.sent).toHaveLength(1);
  second();
  expect(sockets[0]!.sent.at(-1)).toEqual({ op: "unsubscribe", topic: "t:1" });
});

test("comes back by itself with longer and longer pauses up to a limit, and subscribes anew", async () => {
  let away = false;
  const { live, sockets, due, settle } = world(() => away);
  live.watch("t:1", () => {});
  await settle();
  sockets[0]!.onopen();
  away = true;
  sockets[0]!.onclose();
  expect(live.state.connected).toBe(false);
  const pauses: number[] = [];
  for (let turn = 0; turn < 7; turn++) {
    const next = due.shift()!;
    pauses.push(next.ms);
    next.act();
    await settle();
  }
  expect(pauses[0]).toBe(FIRST_PAUSE_MS);
  expect(pauses[1]).toBe(2 * FIRST_PAUSE_MS);
  expect(Math.max(...pauses)).toBe(LONGEST_PAUSE_MS);
  away = false;
  due.shift()!.act();
  await settle();
  sockets[1]!.onopen();
  expect(sockets[1]!.sent).toEqual([{ op: "subscribe", topic: "t:1" }]);
  expect(live.state.connected).toBe(true);
});

test("nobody signed in: closed for good", async () => {
  const { live, sockets, due, settle } = world();
  live.watch("t:1", () => {});
  await settle();
  sockets[0]!.onopen();
  live.close();
  expect([live.state.connected, due.length]).toEqual([false, 0]);
});

test("what a patch does not touch stays the same object", () => {
  const before = { a: { x: 1 }, b: { y: 2 } };
  const after = merged(before, { b: { y: 3 } });
  expect(after.a).toBe(before.a);
  expect(after.b).not.toBe(before.b);
  expect(before.b.y).toBe(2);
});
