import { expect, it } from "vitest";
import { missingIn, place, type Draft } from "@/core/feedback";

const draft = (some: Partial<Draft>): Draft => ({ kind: "fault", code: "", no: 0, order: "", text: "坏了", contact: "", ...some });

it("a fault needs a place, a dispute an order, everything a text", () => {
  expect(missingIn(draft({}))).toBe("place");
  expect(missingIn(draft({ code: "3201060000000" }))).toBe("place");
  expect(missingIn(draft({ code: "32010600000001" }))).toBe("");
  expect(missingIn(draft({ code: "00AB12CD" }))).toBe("");
  expect(missingIn(draft({ order: "2026" }))).toBe("");
  expect(missingIn(draft({ kind: "dispute", code: "32010600000001" }))).toBe("order");
  expect(missingIn(draft({ kind: "dispute", order: "2026" }))).toBe("");
  expect(missingIn(draft({ kind: "suggestion" }))).toBe("");
  expect(missingIn(draft({ kind: "suggestion", text: "  \n " }))).toBe("text");
});

it("an order says where, a suggestion is about nothing", () => {
  expect(place(draft({ order: "2026", code: "32010600000001", no: 2 }))).toEqual({ order_no: "2026" });
  expect(place(draft({ code: "32010600000001", no: 2 }))).toEqual({ charge_point_code: "32010600000001", connector_no: 2 });
  expect(place(draft({ kind: "suggestion", order: "2026" }))).toEqual({});
});
