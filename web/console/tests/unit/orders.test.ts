import { expect, test } from "vitest";
import { driverOf, orderOf, wish } from "@/features/orders/approvals";
import { canClose, fenOf, hao, priceSum, slotsOf, timeline, type Moment } from "@/features/orders/model";
import { canRefund, dayIsOver, numberTo } from "@/features/payments/model";

test("yuan become fen and hao without a float on the way", () => {
  expect(["19.99", "0.07", " 5 ", "0", "1.999", "-1", "x"].map(fenOf)).toEqual([1999, 7, 500, undefined, undefined, undefined, undefined]);
  expect(["1.2345", "-0.0001", "7", "", null, "1.23456"].map(hao)).toEqual([12_345, -1, 70_000, undefined, undefined, undefined]);
});

test("two prices are added as what they are", () => {
  expect(priceSum("0.70000", "0.40000")).toBe("1.10000");
  expect(priceSum("1.20000", "0.00001")).toBe("1.20001");
});

const line = (band: string, energy_mwh: number) => ({ band, energy_mwh, energy_yuan_per_kwh: "0.70000", service_yuan_per_kwh: "0.40000", energy_fee_yuan: "0.7000", service_fee_yuan: "0.4000" });

test("a bill stands beside the record slot by slot, and what differs is marked", () => {
  const recorded = [{}, {}, { energy_mwh: 1_000_000, billed_energy_mwh: 0, rate_yuan_per_kwh: "1.10000", amount_yuan: "1.1000" }, { energy_mwh: 5, rate_yuan_per_kwh: "0.8" }];
  expect(slotsOf([line("flat", 1_000_000)], recorded).map((slot) => [slot.band, slot.price, slot.recordedMwh, slot.energyDiffers, slot.priceDiffers])).toEqual([["flat", "1.10000", 1_000_000, false, false], ["valley", "", 5, true, false]]);
  expect(slotsOf([line("flat", 2_000_000)], recorded)[0]).toMatchObject({ energyDiffers: true, priceDiffers: false });
  expect(slotsOf([line("flat", 1_000_000)], [{}, {}, { energy_mwh: 1_000_000, rate_yuan_per_kwh: "1.20000" }])[0]).toMatchObject({ energyDiffers: false, priceDiffers: true });
  expect(slotsOf([line("peak", 1)], undefined)).toMatchObject([{ band: "peak", recordedMwh: null, recordedPrice: null, energyDiffers: false, priceDiffers: false }]);
});

test("a time line is in order of time, whoever tells it, and in the order given at the same time", () => {
  const at = (when: string, from: Moment["from"], kind: string): Moment => ({ at: when, from, kind, detail: {} });
  const told = timeline(
    [at("2026-01-01T08:00:00+08:00", "order", "placed"), at("2026-01-01T08:30:00+08:00", "order", "settled")],
    [at("2026-01-01T00:10:00Z", "session", "began"), at("", "session", "ended")],
    [at("2026-01-01T08:30:00+08:00", "refund", "requested")],
  );
  expect(told.map((one) => one.kind)).toEqual(["placed", "began", "settled", "requested"]);
});

test("only what runs can be closed, and only what was paid gives back", () => {
  expect(["placed", "finishing", "settled", "disputed"].map(canClose)).toEqual([true, true, false, false]);
  const payment = { state: "paid", paid_fen: 100, returned_fen: 40 } as const;
  expect([canRefund(payment), canRefund({ ...payment, returned_fen: 100 }), canRefund({ ...payment, state: "quarantined" })]).toEqual([true, false, false]);
});

test("a number leads to what it names, and a day is compared once it is over", () => {
  expect(numberTo(`P${"1".repeat(22)}`)).toBe(`/payments/P${"1".repeat(22)}`);
  expect(numberTo(`R${"1".repeat(22)}-1`)).toBeNull();
  expect(["2026-01-01", "2026-01-02", "2026-13-01", "yesterday"].map((day) => dayIsOver(day, "2026-01-02"))).toEqual([true, false, false, false]);
});

test("a request says what it is about", () => {
  expect([orderOf({ about: "order:2026010108000000000001" }), orderOf({ about: "driver:3" })]).toEqual(["2026010108000000000001", null]);
  expect([driverOf({ about: "driver:3" }), driverOf({ about: "order:3" })]).toEqual(["3", null]);
  expect(wish({ kind: "orders.refund", body: {} })).toBe("refund");
});
