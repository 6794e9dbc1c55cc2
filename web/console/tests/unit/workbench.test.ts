import { expect, test } from "vitest";
import { change, revenueFen, share, withNow } from "@/features/workbench/model";

test("a ratio is divided once it is added up, and nothing is divided by nothing", () => {
  expect(share({ numerator: 39, denominator: 40 })).toBe(97.5);
  expect(share({ numerator: 1, denominator: 3 })).toBe(33.3);
  expect(share({ numerator: 0, denominator: 7 })).toBe(0);
  expect(share({ numerator: 0, denominator: 0 })).toBeNull();
});

test("a change is told in per cent of what was before, and not against nothing", () => {
  expect([change(110, 100), change(75, 100), change(100, 100), change(0, 100)]).toEqual([10, -25, 0, -100]);
  expect([change(5, 0), change(null, 5), change(5, null)]).toEqual([null, null, null]);
});

test("revenue is electricity and service together, in whole fen", () => {
  expect(revenueFen({ energy_fee_fen: 70, service_fee_fen: 40 })).toBe(110);
});

test("the load ends with what flows at this moment, and no moment is there twice", () => {
  const points = [{ at: "2026-01-01T08:00:00+08:00", power_w: 100 }, { at: "2026-01-01T08:05:00+08:00", power_w: 200 }];
  expect(withNow(points, "2026-01-01T08:07:00+08:00", 300).map((one) => one.power_w)).toEqual([100, 200, 300]);
  expect(withNow(points, "2026-01-01T08:05:00+08:00", 300).map((one) => one.power_w)).toEqual([100, 300]);
  expect(withNow([], "2026-01-01T08:00:00+08:00", 5)).toHaveLength(1);
});
