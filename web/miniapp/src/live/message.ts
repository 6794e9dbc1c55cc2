// The drivers' WebSocket: {cmd, src, dst, uid, msg}; see docs/drivers-socket.md.
import type { Json } from "@/core/merge";

export interface Incoming {
  cmd: string;
  uid: string;
  msg: { [name: string]: Json };
}

/** What arrived, or null when it is none of ours. `msg` may be an object, a string that holds one, or null. */
export function decode(text: unknown): Incoming | null {
  if (typeof text !== "string") return null;
  const whole = parsed(text);
  if (!whole || typeof whole.cmd !== "string") return null;
  const msg = typeof whole.msg === "string" ? parsed(whole.msg) : whole.msg;
  return {
    cmd: whole.cmd,
    uid: typeof whole.uid === "string" ? whole.uid : "",
    msg: msg && typeof msg === "object" && !Array.isArray(msg) ? msg : {},
  };
}

export function encode(cmd: string, uid: string, msg: Json): string {
  return JSON.stringify({ cmd, src: "wx", dst: "srv", uid, msg });
}

function parsed(text: string): { [name: string]: Json } | null {
  try {
    const value = JSON.parse(text) as Json;
    return value && typeof value === "object" && !Array.isArray(value) ? value : null;
  } catch {
    return null;
  }
}
