import { expect, test } from "vitest";
import { pathOf, toneOf, type Line } from "@/features/wallet/model";

const line = (changes: Partial<Line>): Line => ({
  transfer_id: "t", kind: "direct", purpose: "top_up", memo: "", hold_id: null, at: "2026-01-01T08:00:00.000+08:00",
  available_change_fen: 0, gift_change_fen: 0, held_change_fen: 0, arrears_change_fen: 0, ...changes,
});

test("holds and memos lead to the order or the payment they name, and nowhere else", () => {
  expect(pathOf("2026010108000000000001")).toBe("/orders/2026010108000000000001");
  expect(pathOf("2026010108000000000001-2")).toBe("/orders/2026010108000000000001");
  expect(pathOf(`P${"1".repeat(22)}`)).toBe(`/payments/P${"1".repeat(22)}`);
  for (const other of ["", "pass-7", "cash", "20260101", "2026010108000000000001:capture", "2026010108000000000001/../staff"]) expect(pathOf(other)).toBe(null);
});

test("a change has its colour; more debt is less money", () => {
  const moved = line({ available_change_fen: -100, held_change_fen: 100, arrears_change_fen: 50 });
  expect(["available", "gift", "held", "arrears"].map((key) => toneOf(key, moved))).toEqual(["less", "", "more", "less"]);
  expect(toneOf("arrears", line({ arrears_change_fen: -50 }))).toBe("more");
});
