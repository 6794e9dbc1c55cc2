import { describe, expect, it } from "vitest";
import { CAR_KINDS, CAR_PRESETS, missingFen, neededFen, typedValue } from "@/core/choice";
import { drawing, niceTop, ordered, thin } from "@/core/curve";
import { clockText, kw, kwh, mwhOf } from "@/core/energy";
import { distanceM, distanceText, placeOf } from "@/core/geo";
import { Acts, newId } from "@/core/key";
import { merge } from "@/core/merge";
import { cents, fenOf, halfWidth, sum, units, unitsText, yuan } from "@/core/money";
import { advanceFen, kindsOf, minutesFor, presets, type Plan } from "@/core/plan";
import { periods, priceNow, type Band, type PriceList } from "@/core/price";
import { Problem, fact, unanswered } from "@/core/problem";
import { fromQuery, fromScan, fromTyping } from "@/core/qr";
import { billChanges } from "@/core/corrections";
import { endKey, isOver, isStale, refusalKey, runsLow, secondsLeft, stageOf, steps, stopKey } from "@/core/stage";
import { dayAndTime, epochMs, halfHour, minuteOfDay, ServerClock, timeOfDay } from "@/core/time";

describe("money", () => {
  it("shows fen as yuan", () => {
    expect([0, 5, 1234, -5, 100_000].map(yuan)).toEqual(["0.00", "0.05", "12.34", "-0.05", "1000.00"]);
  });
  it("reads what people type, and nothing else", () => {
    expect(["12", "12.3", "12.34", "12.", "１２．５", "¥8", "0"].map(fenOf)).toEqual([1200, 1230, 1234, 1200, 1250, 800, 0]);
    expect(["", "-1", "1.234", "abc", "1e3", "99999999", "1 2"].map(fenOf)).toEqual(Array(7).fill(null));
  });
  it("adds decimal texts exactly where floating point does not", () => {
    expect(sum("0.10000", "0.20000")).toBe("0.30");
    expect(sum("1.22000", "0.45000")).toBe("1.67");
    expect(sum("0.34105", "0.4")).toBe("0.74105");
    expect(units("-1.5")).toBe(-150_000);
    expect(unitsText(-150_000)).toBe("-1.50");
    expect(() => units("1.234567")).toThrow();
  });
  it("cuts a running figure, never rounds it up", () => {
    expect([cents("1.2399"), cents("0.0099"), cents("7")]).toEqual(["1.23", "0.00", "7.00"]);
  });
  it("knows full-width letters", () => expect(halfWidth("ＡＢ１２　x")).toBe("AB12 x"));
});

describe("energy and time", () => {
  it("shows kWh cut to digits", () => expect([kwh(12_345_678), kwh(999_999), kwh(12_345_678, 4), kwh(1_000_000, 0)]).toEqual(["12.34", "0.99", "12.3456", "1"]));
  it("shows power", () => expect([kw(58_230), kw(210)]).toEqual(["58.2", "0.21"]));
  it("shows spans", () => expect([clockText(75), clockText(3675), clockText(-4)]).toEqual(["01:15", "1:01:15", "00:00"]));
  it("reads kWh", () => expect([mwhOf("1.5"), mwhOf("20"), mwhOf("x"), mwhOf("1.2345")]).toEqual([1_500_000, 20_000_000, null, null]));
  it("is Beijing's wherever the phone is", () => {
    const at = epochMs("2026-11-25T16:30:00.000+00:00");
    expect(timeOfDay(at)).toBe("00:30");
    expect(minuteOfDay(at)).toBe(30);
    expect(dayAndTime(at, at)).toBe("11-26 00:30");
    expect(dayAndTime(epochMs("2025-01-02T03:04:00+08:00"), at)).toBe("2025-01-02 03:04");
    expect([halfHour(0), halfHour(17), halfHour(48)]).toEqual(["00:00", "08:30", "24:00"]);
  });
  it("learns the server's clock and is not shaken by whole seconds", () => {
    let phone = 1_000_000;
    const clock = new ServerClock(() => phone);
    clock.learn(1_000_000 + 540_000);
    expect(clock.now()).toBe(1_540_000);
    phone += 10_000;
    clock.learn(1_550_000 - 900); // a Date header, cut to the second
    expect(clock.now()).toBe(1_550_000);
    clock.learn(Number.NaN);
    expect(clock.now()).toBe(1_550_000);
  });
});

const half = (...spans: [Band, number][]): Band[] => spans.flatMap(([band, count]) => Array<Band>(count).fill(band));
const LIST: PriceList = {
  bands: {
    sharp: { energy_yuan_per_kwh: "1.22000", service_yuan_per_kwh: "0.45000" },
    peak: { energy_yuan_per_kwh: "1.03500", service_yuan_per_kwh: "0.45000" },
    flat: { energy_yuan_per_kwh: "0.68200", service_yuan_per_kwh: "0.45000" },
    valley: { energy_yuan_per_kwh: "0.34100", service_yuan_per_kwh: "0.45000" },
  },
  half_hours: half(["valley", 16], ["peak", 6], ["flat", 8], ["peak", 4], ["sharp", 8], ["peak", 4], ["valley", 2]),
};

describe("prices of a day", () => {
  const evening = epochMs("2026-11-25T20:45:00+08:00");
  it("come as periods with the present one marked", () => {
    const found = periods(LIST, evening);
    expect(found).toHaveLength(7);
    expect(found.filter((one) => one.current)).toEqual([expect.objectContaining({ band: "sharp", from: 34, until: 42, total: "1.67" })]);
  });
  it("change at the half hour, and say whether for the better", () => {
    expect(priceNow(LIST, evening)).toMatchObject({ band: "sharp", total: "1.67", next: { at: 42, total: "1.485", dearer: false } });
    expect(priceNow(LIST, epochMs("2026-11-25T23:10:00+08:00"))).toMatchObject({ band: "valley", next: { at: 16, dearer: true } });
  });
  it("do not change where a day has one price", () => {
    expect(priceNow({ ...LIST, half_hours: half(["flat", 48]) }, evening).next).toBeNull();
  });
});

const PLAN: Plan = {
  basis: "time", tiers: [{ max_power_w: 200, fen_per_hour: 60 }, { fen_per_hour: 90 }], energy_yuan_per_kwh: "0.60", service_yuan_per_kwh: "0.40",
  per_use_fen: 0, full_hold_fen: 500, min_charge_fen: 0, free_s: 300, max_duration_s: 36_000, max_power_w: 1000,
};

describe("an e-bike plan", () => {
  it("sets aside what the worked examples of docs/two-wheel-billing.md say", () => {
    expect(advanceFen(PLAN, { kind: "minutes", value: 240 })).toBe(240);
    expect(advanceFen({ ...PLAN, basis: "energy" }, { kind: "energy", value: 2_000_000 })).toBe(200);
    expect(advanceFen(PLAN, { kind: "minutes", value: 1 })).toBe(1);
    expect(advanceFen(PLAN, { kind: "none", value: 0 })).toBe(500);
    expect(advanceFen({ ...PLAN, basis: "per_use", per_use_fen: 150 }, { kind: "none", value: 0 })).toBe(150);
    expect(advanceFen(PLAN, { kind: "money", value: 300 })).toBe(300);
  });
  it("offers what its basis allows, within its longest time", () => {
    expect(kindsOf(PLAN)).toEqual(["minutes", "money", "none"]);
    expect(kindsOf({ ...PLAN, basis: "per_use" })).toEqual(["none"]);
    expect(presets({ ...PLAN, max_duration_s: 4 * 3600 }, "minutes")).toEqual([60, 120, 240]);
    expect(minutesFor(PLAN, 300)).toBe(300);
    expect(minutesFor({ ...PLAN, basis: "energy" }, 300)).toBeNull();
  });
});

describe("a wish", () => {
  it("has presets that are valid themselves", () => {
    const typed = { money: (v: number) => yuan(v), energy: (v: number) => kwh(v, 3), minutes: String, soc: String, none: String };
    for (const kind of CAR_KINDS) for (const value of CAR_PRESETS[kind]) expect(typedValue(kind, typed[kind](value))).toBe(value);
  });
  it("is refused when typed out of range", () => {
    expect([typedValue("money", "0.5"), typedValue("soc", "101"), typedValue("minutes", "1.5"), typedValue("energy", "0"), typedValue("money", "")]).toEqual(Array(5).fill(null));
  });
  it("says what is missing, debts first", () => {
    expect(missingFen({ available_fen: 300, arrears_fen: 0 }, 500)).toBe(200);
    expect(missingFen({ available_fen: 9000, arrears_fen: 0 }, 500)).toBe(0);
    expect(missingFen({ available_fen: 0, arrears_fen: 120 }, 500)).toBe(620);
    expect(neededFen({ kind: "money", value: 3000 }, 500)).toBe(3000);
    expect(neededFen({ kind: "none", value: 0 }, 500)).toBe(500);
  });
});

describe("changes of a bill that stood", () => {
  const one = { correction_id: "a", kind: "late_record", standing: "posted", energy_fee_fen: 900, service_fee_fen: 255, change_fen: 55, at: "2026-11-25T20:00:00.000+08:00" };
  it("say what it was, what it is and the difference", () => {
    expect(billChanges([one])).toEqual([{ id: "a", kind: "late_record", at: one.at, beforeFen: 1100, afterFen: 1155, changeFen: 55 }]);
  });
  it("leave out what was only proposed, dropped, or changed nothing", () => {
    expect(billChanges([{ ...one, standing: "proposed" }, { ...one, standing: "dropped" }, { ...one, change_fen: 0 }])).toEqual([]);
  });
});

describe("what names a charge point", () => {
  const CODE = "32010600000001";
  it("is found in scanned texts", () => {
    expect(fromScan(`https://x.cn/q/${CODE}01`)).toEqual({ by: "number", code: CODE, connectorNo: 1 });
    expect(fromScan(`https://x.cn/q/${CODE}#2`)).toEqual({ by: "number", code: CODE, connectorNo: 2 });
    expect(fromScan(CODE)).toEqual({ by: "number", code: CODE, connectorNo: null });
    expect(fromScan("https://x.cn/q/k7m2p9xq4t")).toEqual({ by: "text", text: "https://x.cn/q/k7m2p9xq4t" });
    expect(fromScan("http://dev.cn/05A1C3F0/0a")).toEqual({ by: "text", text: "http://dev.cn/05A1C3F0/0a" });
    expect(fromScan("https://x.cn/")).toBeNull();
    expect(fromScan("你好")).toBeNull();
    expect(fromScan("")).toBeNull();
  });
  it("is read as typed", () => {
    expect(fromTyping(" 3201 0600 0000 01 ", "")).toEqual({ by: "number", code: CODE, connectorNo: null });
    expect(fromTyping(`${CODE}02`, "")).toEqual({ by: "number", code: CODE, connectorNo: 2 });
    expect(fromTyping("３２０１０６００００００01", "２")).toEqual({ by: "number", code: CODE, connectorNo: 2 });
    expect(fromTyping("05a1c3f0", "3")).toEqual({ by: "number", code: "05A1C3F0", connectorNo: 3 });
    for (const [number, connector] of [["123", ""], [CODE, "0"], [CODE, "17"], [CODE, "x"], [`${CODE}02`, "1"], ["", "1"]] as const) expect(fromTyping(number, connector)).toBeNull();
  });
  it("comes with the link that opened the app, encoded once", () => {
    expect(fromQuery({ q: encodeURIComponent("https://x.cn/q/k7m2p9xq4t") })).toEqual({ by: "text", text: "https://x.cn/q/k7m2p9xq4t" });
    expect(fromQuery({ scene: `${CODE}01` })).toEqual({ by: "number", code: CODE, connectorNo: 1 });
    expect(fromQuery({ code: CODE, no: "2" })).toEqual({ by: "number", code: CODE, connectorNo: 2 });
    expect(fromQuery({ q: "%E0%A4%A" })).toBeNull();
    expect(fromQuery({})).toBeNull();
  });
});

describe("a stage", () => {
  it("is the order's when it is over, the session's before", () => {
    expect(stageOf("charging", "charging")).toBe("charging");
    expect(stageOf("placed", "awaiting_plug")).toBe("starting");
    expect(stageOf("placed", "rejected")).toBe("failed");
    expect(stageOf("finishing", "awaiting_record")).toBe("settling");
    expect(stageOf("settled", "charging")).toBe("settled");
    expect(stageOf("something_new")).toBe("settling");
    expect(stageOf("charging", "a_new_state")).toBe("charging");
    expect(["settled", "disputed", "closed_by_operator", "failed_no_energy", "placed"].map(isOver)).toEqual([true, true, true, true, false]);
  });
  it("is stopping from the tap on, until the charge point shows it", () => {
    expect(stageOf("charging", "charging", true)).toBe("stopping");
    expect(stageOf("charging", "awaiting_record", true)).toBe("settling");
    expect(stageOf("settled", "recorded", true)).toBe("settled");
  });
  it("has four steps of a start", () => {
    const states = (session: string) => steps(session).map((step) => step.state);
    expect(states("requested")).toEqual(["done", "active", "waiting", "waiting"]);
    expect(states("starting")).toEqual(["done", "done", "active", "waiting"]);
    expect(states("charging")).toEqual(["done", "done", "done", "done"]);
    expect(states("rejected")).toEqual(["done", "failed", "waiting", "waiting"]);
    expect(secondsLeft(0, 30_000)).toBe(60);
    expect(secondsLeft(0, 300_000)).toBe(0);
  });
  it("names refusals and ends it has sentences for", () => {
    expect([refusalKey("not_plugged"), refusalKey("not_plugged: 5"), refusalKey("0x77"), refusalKey("")]).toEqual(["not_plugged", "not_plugged", "other", "other"]);
    expect([stopKey("fire_guard"), stopKey("unknown_word")]).toEqual(["fire_guard", ""]);
    const ended = (stop_class: string | null, stop_reason = "") => ({ stop_class, stop_reason });
    expect(endKey("fire_guard", ended("aborted", "overload"), true)).toBe("stop_fire_guard");
    expect([endKey("", ended("aborted"), true), endKey("", ended("aborted", "toString"), false)]).toEqual(["ended_cut_off", "ended_aborted"]);
    expect([endKey("unknown_word", ended("completed"), false), endKey("", ended(null), false)]).toEqual(["ended_completed", ""]);
    const boards = ["overload", "power_too_low", "max_time_reached", "full", "unplugged"].map((own) => endKey("", ended("aborted", own), true));
    expect(boards).toEqual(["ended_overload", "ended_low_power", "ended_max_time", "ended_full", "ended_unplugged"]);
  });
  it("warns before the money ends, and of old figures", () => {
    expect(runsLow(5000, 4400)).toBe(false);
    expect(runsLow(5000, 4500)).toBe(true);
    expect(runsLow(500, 350)).toBe(false);
    expect(runsLow(500, 380)).toBe(true);
    expect(runsLow(0, 0)).toBe(false);
    expect([isStale(0, 40_000), isStale(0, 50_000)]).toEqual([false, true]);
  });
});

describe("a curve", () => {
  const sample = (at: number, powerW: number) => ({ at, powerW, socPct: 0 });
  it("keeps its peaks when it is thinned", () => {
    const many = Array.from({ length: 5000 }, (_, index) => sample(index * 1000, index === 1234 ? 99_000 : 50_000));
    const few = thin(many);
    expect(few.length).toBeLessThanOrEqual(240);
    expect(Math.max(...few.map((one) => one.powerW))).toBe(99_000);
  });
  it("is in order, each moment once", () => {
    expect(ordered([sample(2, 1), sample(1, 1), sample(2, 7)])).toEqual([sample(1, 1), sample(2, 7)]);
  });
  it("fits its box", () => {
    const box = { width: 320, height: 160 };
    const shown = drawing([sample(0, 0), sample(300_000, 58_000), sample(600_000, 30_000)], box)!;
    for (const { x, y } of shown.line) {
      expect(x).toBeGreaterThanOrEqual(0);
      expect(x).toBeLessThanOrEqual(box.width);
      expect(y).toBeGreaterThanOrEqual(0);
      expect(y).toBeLessThanOrEqual(box.height);
    }
    expect(shown.marks.map((mark) => mark.text)).toEqual(["0", "40", "80"]);
    expect(drawing([], box)).toBeNull();
    expect([0.21, 3.4, 58, 120, 0].map(niceTop)).toEqual([0.3, 5, 80, 200, 0.1]);
  });
});

describe("distances", () => {
  it("are those of the ground", () => {
    const metres = distanceM({ latitude: 30.208, longitude: 120.212 }, { latitude: 30.279, longitude: 120.026 });
    expect(metres).toBeGreaterThan(19_400);
    expect(metres).toBeLessThan(19_800);
    expect([distanceText(324), distanceText(1400), distanceText(metres)]).toEqual(["320 m", "1.4 km", "20 km"]);
    expect(placeOf({ latitude_udeg: null, longitude_udeg: 1 })).toBeNull();
  });
});

describe("merge patch", () => {
  it("does what RFC 7396 appendix A says", () => {
    const cases: [unknown, unknown, unknown][] = [
      [{ a: "b" }, { a: "c" }, { a: "c" }], [{ a: "b" }, { b: "c" }, { a: "b", b: "c" }], [{ a: "b" }, { a: null }, {}],
      [{ a: "b", b: "c" }, { a: null }, { b: "c" }], [{ a: ["b"] }, { a: "c" }, { a: "c" }], [{ a: "c" }, { a: ["b"] }, { a: ["b"] }],
      [{ a: { b: "c" } }, { a: { b: "d", c: null } }, { a: { b: "d" } }], [{ a: [{ b: "c" }] }, { a: [1] }, { a: [1] }],
      [["a", "b"], ["c", "d"], ["c", "d"]], [{ a: "b" }, ["c"], ["c"]], [{ a: "foo" }, null, null], [{ a: "foo" }, "bar", "bar"],
      [{ e: null }, { a: 1 }, { e: null, a: 1 }], [[1, 2], { a: "b", c: null }, { a: "b" }], [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
    ];
    for (const [target, patch, result] of cases) expect(merge(target as never, patch as never)).toEqual(result);
  });
  it("leaves what it is given as it was", () => {
    const before = { a: { b: 1 } };
    merge(before, { a: { b: 2 } });
    expect(before).toEqual({ a: { b: 1 } });
  });
});

describe("doing a thing once", () => {
  it("keeps the key while nobody knows whether it was done, and takes a new one afterwards", async () => {
    let count = 0;
    const acts = new Acts(() => `key-${(count += 1)}`);
    const used: string[] = [];
    const failing = (error: unknown) => (key: string) => {
      used.push(key);
      return Promise.reject(error);
    };
    await expect(acts.run("start", failing(new Problem(0)), unanswered)).rejects.toThrow();
    await expect(acts.run("start", failing(new Problem(503)), unanswered)).rejects.toThrow();
    await expect(acts.run("start", failing(new Problem(422, { code: "balance_low", facts: { needed_fen: 500 } })), unanswered)).rejects.toThrow();
    await acts.run("start", (key) => Promise.resolve(used.push(key)), unanswered);
    await acts.run("start", (key) => Promise.resolve(used.push(key)), unanswered);
    expect(used).toEqual(["key-1", "key-1", "key-1", "key-2", "key-3"]);
  });
  it("makes keys the API takes", () => {
    expect(newId()).toMatch(/^[a-z0-9]{24}$/);
    expect(new Set(Array.from({ length: 1000 }, () => newId())).size).toBe(1000);
  });
  it("reads facts of a problem", () => {
    const problem = new Problem(422, { code: "balance_low", detail: "余额不足", facts: { needed_fen: 500, other: "x" } });
    expect([fact(problem, "needed_fen"), fact(problem, "other"), fact(problem, "none")]).toEqual([500, null, null]);
    expect([new Problem(0).code, new Problem(500).code, problem.message]).toEqual(["network", "unexpected", "余额不足"]);
  });
});
