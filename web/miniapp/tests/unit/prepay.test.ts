import { describe, expect, it } from "vitest";
import { fits, fixedFen, isReturned, prepayStage, restStanding, startKey } from "@/core/prepay";
import type { Plan } from "@/core/plan";

const plan: Plan = {
  basis: "time", tiers: [{ max_power_w: null, fen_per_hour: 60 }], energy_yuan_per_kwh: "0", service_yuan_per_kwh: "0",
  per_use_fen: 0, full_hold_fen: 500, min_charge_fen: 0, free_s: 0, max_duration_s: 43_200, max_power_w: 800,
};

describe("how much is paid in advance", () => {
  it("follows from a plan or a wished sum, and is chosen otherwise", () => {
    expect(fixedFen(plan, { kind: "minutes", value: 240 })).toBe(240);
    expect(fixedFen(plan, { kind: "minutes", value: 30 })).toBe(100);
    expect(fixedFen(null, { kind: "money", value: 5000 })).toBe(5000);
    expect(fixedFen(null, { kind: "energy", value: 10_000_000 })).toBeNull();
    expect(fixedFen(null, { kind: "none", value: 0 })).toBeNull();
    expect(fixedFen(plan, null)).toBeNull();
  });
  it("fits between one yuan and what one order sets aside", () => {
    expect([null, 99, 100, 20_000, 20_001].map(fits)).toEqual([false, false, true, true, false]);
  });
});

describe("what is shown from the payment to the start", () => {
  it("is the payment's stage until it is paid, then the start's", () => {
    for (const stage of ["creating", "paying", "confirming", "cancelled", "failed", "unknown"] as const) expect(prepayStage(stage, "", false)).toBe(stage);
    expect(prepayStage("paid", "", false)).toBe("starting");
    expect(prepayStage("paid", "refused", false)).toBe("refused");
    expect(prepayStage("paid", "refused", true)).toBe("returned");
  });
  it("knows what goes back by itself", () => {
    expect(isReturned({ state: "paid", order_no: null, returned_fen: 0, refunded_fen: 0 })).toBe(false);
    expect(isReturned({ state: "paid", order_no: null, returned_fen: 2000, refunded_fen: 0 })).toBe(true);
    expect(isReturned({ state: "part_refunded", order_no: "1", returned_fen: 1500, refunded_fen: 1500 })).toBe(false);
  });
  it("says on a bill whether the rest has arrived", () => {
    const payment = { state: "paid", order_no: "1", returned_fen: 0, refunded_fen: 0 };
    expect(restStanding(payment)).toBe("none");
    expect(restStanding({ ...payment, returned_fen: 1500 })).toBe("underway");
    expect(restStanding({ ...payment, returned_fen: 1500, refunded_fen: 1500 })).toBe("arrived");
  });
  it("starts under one key for each payment, which the platform takes", () => {
    expect(startKey("P2026010108000000000001")).toMatch(/^[A-Za-z0-9._:-]{8,128}$/);
  });
});
