import { expect, test } from "vitest";
import { alongCurve, clockOf, curveOf, evenly, moved, painted, runsOf, unpriced, versionBody, type Band, type Prices } from "@/features/tariffs/model";
import { planBody, planForm, wrongFields } from "@/features/tariffs/two_wheel";
import { usageOf } from "@/features/tariffs/usage";
import { decimal, price, signed, whole } from "@/ui/amount";

const flat = Array<Band>(48).fill("flat");
const prices = (energy: string, service: string): Prices => ({
  sharp: { energy, service }, peak: { energy, service }, flat: { energy, service }, valley: { energy: "", service: "" },
});
const sum = (parts: { energy_mwh: number }[]) => parts.reduce((total, part) => total + part.energy_mwh, 0);

test("amounts are read digit by digit: what a float would spoil stays whole", () => {
  expect(whole("0.07", 2)).toBe(7);
  expect(whole("1.15", 2)).toBe(115);
  expect(whole("4.35", 2)).toBe(435);
  expect(whole("0.80000", 5)).toBe(80_000);
  expect(whole("12", 2)).toBe(1200);
  for (const text of ["", "-1", "1e3", "1.234", ".5", "1,5", "１"]) expect([text, whole(text, 2)]).toEqual([text, undefined]);
  expect(whole("101", 2, 10_000)).toBe(undefined);
  expect([signed("-0.05", 2), signed("3", 2), signed("--1", 2)]).toEqual([-5, 300, undefined]);
  expect([decimal(5, 2), decimal(-105, 2), decimal(68_200, 5), decimal(0, 5), decimal(1_000_000, 6, 0), decimal(1, 6, 0)]).toEqual(["0.05", "-1.05", "0.682", "0.00", "1", "0.000001"]);
  expect([price("0.80000"), price("1.22000"), price("0.00001"), price("odd")]).toEqual(["0.80", "1.22", "0.00001", "odd"]);
});

test("a stretch is painted whichever way it was dragged, and the day reads as stretches", () => {
  const day = painted(painted(flat, 20, 16, "peak"), 47, 46, "valley");
  expect(runsOf(day).map((run) => [clockOf(run.from), clockOf(run.to), run.band])).toEqual([
    ["00:00", "08:00", "flat"], ["08:00", "10:30", "peak"], ["10:30", "23:00", "flat"], ["23:00", "24:00", "valley"],
  ]);
  expect(flat.every((band) => band === "flat")).toBe(true);
});

test("arrow keys go by half hours and by half days, and not over the edge", () => {
  expect([moved("ArrowRight", 0), moved("ArrowLeft", 0), moved("ArrowDown", 3), moved("ArrowDown", 30), moved("ArrowUp", 30), moved("End", 3), moved("Home", 3)]).toEqual([1, 0, 27, 30, 6, 47, 0]);
  expect(moved("x", 3)).toBe(undefined);
});

test("a band that is used needs prices, an unused one may go without, and what was typed is sent as it was typed", () => {
  const day = painted(flat, 0, 3, "valley");
  expect(unpriced(flat, prices("0.8", "0.45"))).toEqual([]);
  expect(unpriced(day, prices("0.8", "0.45"))).toEqual(["valley"]);
  expect(unpriced(flat, prices("0.8", "100.00001"))).toEqual(["sharp", "peak", "flat"]);
  expect(unpriced(flat, prices("0.123456", "0"))).toEqual(["sharp", "peak", "flat"]);
  const body = versionBody(flat, prices("0.8", "0.45"), new Date("2030-01-01T00:00:00+08:00"));
  expect(body.bands.flat).toEqual({ energy_yuan_per_kwh: "0.8", service_yuan_per_kwh: "0.45" });
  expect([body.bands.valley, body.effective_from, body.half_hours.length]).toEqual([undefined, "2029-12-31T16:00:00.000Z", 48]);
});

test("energy spread over a charge is cut where Beijing's half hours end, and nothing of it is lost", () => {
  const at = (text: string) => Date.parse(`2030-01-01T${text}+08:00`);
  const parts = evenly(at("16:50:00"), at("18:10:00"), 10_000_001);
  expect(parts.map((part) => part.start)).toEqual(["2030-01-01T08:50:00.000Z", "2030-01-01T09:00:00.000Z", "2030-01-01T09:30:00.000Z", "2030-01-01T10:00:00.000Z"]);
  expect(sum(parts)).toBe(10_000_001);
  expect(parts[0]?.energy_mwh).toBe(1_250_000);
  const { steps, wrong } = curveOf("0 60\n0:30 45.5\n60;20", at("16:50:00"));
  expect(wrong).toEqual([]);
  const curved = alongCurve(steps, at("18:20:00"));
  expect(sum(curved)).toBe(30_000_000 + 22_750_000 + 10_000_000);
  expect(curved[0]?.energy_mwh).toBe(10_000_000);
  expect(curveOf("0 60\n0:30 x\n\n20 10\n20 12", 0).wrong).toEqual([2, 5]);
  expect(curveOf("5 60", 0).wrong).toEqual([1]);
});

test("a two-wheel plan is typed in yuan and sent in fen, with nothing that is not of its basis", () => {
  const form = planForm(null);
  form.tiers = [{ watts: "200", yuan: "0.6" }, { watts: "", yuan: "1.25" }];
  expect(wrongFields(form)).toEqual([]);
  const body = planBody(form);
  expect(body.tiers).toEqual([{ max_power_w: 200, fen_per_hour: 60 }, { max_power_w: null, fen_per_hour: 125 }]);
  expect([body.full_hold_fen, body.max_duration_s, body.energy_yuan_per_kwh, body.per_use_fen]).toEqual([500, 43_200, "0", 0]);
  expect(planForm(body as never)).toEqual({ ...form, tiers: [{ watts: "200", yuan: "0.60" }, { watts: "", yuan: "1.25" }] });
  form.tiers = [{ watts: "300", yuan: "1" }, { watts: "200", yuan: "x" }, { watts: "", yuan: "2" }];
  expect(wrongFields(form)).toEqual(["tiers.1.yuan", "tiers.1.watts"]);
  form.basis = "energy";
  expect(wrongFields(form)).toEqual(["energy", "service"]);
  Object.assign(form, { energy: "1", service: "0.2", minimum: "0.001" });
  expect(wrongFields(form)).toEqual(["minimum"]);
  expect(planBody({ ...form, minimum: "0" }).tiers).toEqual([]);
});

test("an e-bike's charge is typed in minutes and watts, and its steps have to fit into it", () => {
  expect(usageOf({ minutes: "90", power: "200", steps: "30 180\n90 320" })).toEqual({
    charged_s: 5400, max_power_w: 320, wrong: "",
    intervals: [{ until_s: 1800, avg_power_w: 180, max_power_w: 180, floating: false }, { until_s: 5400, avg_power_w: 320, max_power_w: 320, floating: false }],
  });
  for (const [steps, wrong] of [["91 10", "steps"], ["30 10\n30 20", "steps"], ["30", "steps"], ["30 7000", "steps"], ["0 5", "steps"]] as const) expect([steps, usageOf({ minutes: "90", power: "0", steps }).wrong]).toEqual([steps, wrong]);
  expect(usageOf({ minutes: "1093", power: "0", steps: "" }).wrong).toBe("minutes");
  expect(usageOf({ minutes: "1", power: "6501", steps: "" }).wrong).toBe("power");
});
