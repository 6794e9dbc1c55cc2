import { expect, test } from "vitest";
import { asProblem, Problem, problemOf } from "@/api/problem";
import { kindOf } from "@/app/layout/search";
import { degrees, microdegrees, shownState, tally, type LivePoint } from "@/features/stations/model";
import { everything, fromAddress, type Filter } from "@/ui/table";

const FILTERS: Filter[] = [
  { key: "code", title: "x", kind: "text", pattern: /^\d+$/ },
  { key: "state", title: "x", kind: "choice" },
  { key: "when", title: "x", kind: "span" },
];

test("filters come from the address; what does not fit and what is not ours is left out", () => {
  const query = { code: "12", state: "open", since: "2026-01-01", limit: "50", before: "abc", other: "x" };
  expect(fromAddress(query, FILTERS)).toEqual({ code: "12", state: "open", since: "2026-01-01" });
  expect(fromAddress({ code: "1; drop", state: ["a", "b"] }, FILTERS)).toEqual({});
});

test("every page of a filter, up to the limit", async () => {
  const asked: unknown[] = [];
  const fetch = async (query: { before?: string }) => {
    asked.push(query);
    const at = Number(query.before ?? 0);
    return { items: [at, at + 1], next: at < 6 ? String(at + 2) : null };
  };
  const told: number[] = [];
  expect(await everything(fetch, { state: "open" }, (count) => told.push(count))).toEqual({ rows: [0, 1, 2, 3, 4, 5, 6, 7], more: false });
  expect(asked[1]).toEqual({ state: "open", limit: 200, before: "2" });
  expect(told).toEqual([2, 4, 6, 8]);
  expect(await everything(fetch, {}, () => {}, 3)).toEqual({ rows: [0, 1, 2], more: true });
});

test("a problem keeps code, trace and how long to wait", async () => {
  const answer = new Response(JSON.stringify({ code: "too_many", detail: "等", trace_id: "abc", errors: [{ field: "name", message: "short" }] }), { status: 429, headers: { "Retry-After": "30" } });
  const problem = await problemOf(answer);
  expect([problem.status, problem.code, problem.message, problem.traceId, problem.retryAfterS]).toEqual([429, "too_many", "等", "abc", 30]);
  expect(problem.fields).toEqual([{ field: "name", message: "short" }]);
  expect((await problemOf(new Response("<html>", { status: 502 }))).code).toBe("http_502");
  expect(asProblem(new TypeError("fetch failed")).code).toBe("no_connection");
  expect(asProblem(new Problem(404, "x", "y")).status).toBe(404);
});

test("what is typed into the search is asked where it can be found", () => {
  expect(kindOf("3201 0600")).toEqual({ code: true, order: false, name: false });
  expect(kindOf("20261126091500123456")).toEqual({ code: false, order: true, name: false });
  expect(kindOf("滨江")).toEqual({ code: false, order: false, name: true });
  expect(kindOf("88")).toEqual({ code: true, order: false, name: true });
});

test("degrees are written and read without losing a millionth", () => {
  for (const udeg of [30_208_000, -1, 120_212_345, 0]) expect(microdegrees(degrees(udeg), 180)).toBe(udeg === 0 ? 0 : udeg);
  expect(microdegrees("", 90)).toBeNull();
  for (const wrong of ["91", "1.2345678", "abc", "1,5"]) expect(microdegrees(wrong, 90)).toBeUndefined();
});

test("nothing is known of a connector behind a dead connection", () => {
  const point = (online: boolean, ...states: string[]): LivePoint => ({
    code: "1", name: "a", online,
    connectors: Object.fromEntries(states.map((state, no) => [no, { state, plugged: false, fault_bits: 0, session_no: "" }])),
  });
  expect(shownState({ online: false }, { state: "charging" })).toBe("offline");
  expect(tally([point(true, "charging", "faulted", "strange"), point(false, "charging")])).toEqual({
    states: { available: 0, occupied: 0, charging: 1, faulted: 1, offline: 2, disabled: 0 }, connectors: 4, offlinePoints: 1,
  });
});
