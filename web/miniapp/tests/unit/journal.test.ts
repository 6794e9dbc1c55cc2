import { describe, expect, it } from "vitest";
import { shownChange } from "../../src/core/journal";

const line = (available: number, held: number, arrears = 0) => ({
  available_change_fen: available, held_change_fen: held, arrears_change_fen: arrears,
});

describe("a line of the journal", () => {
  it("says what came and what went", () => {
    expect(shownChange(line(5500, 0))).toEqual({ kind: "in", fen: 5500 });
    expect(shownChange(line(5447, -5500)), "a charge of 0.53 whose rest was set free").toEqual({ kind: "out", fen: -53 });
    expect(shownChange(line(0, -5447)), "a refund that left").toEqual({ kind: "out", fen: -5447 });
    expect(shownChange(line(0, -100, 20)), "a charge that cost more than there was").toEqual({ kind: "out", fen: -120 });
    expect(shownChange(line(30, 0, -20)), "a top-up that pays a debt first").toEqual({ kind: "in", fen: 50 });
  });

  it("does not count what is only put aside or set free", () => {
    expect(shownChange(line(-5500, 5500))).toEqual({ kind: "aside", fen: 5500 });
    expect(shownChange(line(5500, -5500))).toEqual({ kind: "aside", fen: 5500 });
  });

  it("adds up to the wallet", () => {
    const day = [line(5500, 0), line(-5500, 5500), line(5447, -5500), line(-5447, 5447), line(0, -5447)];
    const shown = day.map(shownChange).filter((one) => one.kind !== "aside");
    expect(shown.reduce((sum, one) => sum + one.fen, 0)).toBe(0);
  });
});
