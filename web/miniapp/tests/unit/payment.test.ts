import { describe, expect, it } from "vitest";
import { confirm, PAUSES_MS, settledAs, stageAfter, type PaymentStage, type SheetResult } from "@/core/payment";

/** A server that gives these answers, one a question; "" is silence of the network. */
async function play(sheet: SheetResult, answers: string[], leaveAfter = Number.POSITIVE_INFINITY) {
  const told: PaymentStage[] = [];
  let asked = 0;
  let waited = 0;
  const end = await confirm(sheet, {
    check: async () => {
      const answer = answers[Math.min(asked, answers.length - 1)]!;
      asked += 1;
      if (answer === "") throw new Error("no network");
      return answer;
    },
    pause: async (ms) => {
      waited += ms;
    },
    told: (stage) => told.push(stage),
    over: () => asked >= leaveAfter,
  });
  return { end, told, asked, waited };
}

describe("what became of a payment", () => {
  it("is asked at once after the sheet's ok, and is the server's word", async () => {
    expect(await play("ok", ["paid"])).toMatchObject({ end: "paid", asked: 1, waited: 0 });
    expect(await play("ok", ["prepaid", "prepaid", "paid"])).toMatchObject({ end: "paid", told: ["confirming", "confirming", "paid"] });
  });
  it("may be paid although the sheet said cancel or fail", async () => {
    expect((await play("cancel", ["paid"])).end).toBe("paid");
    expect((await play("fail", ["prepaid", "paid"])).end).toBe("paid");
  });
  it("is cancelled only after the server has said that nothing was paid", async () => {
    expect(await play("cancel", ["", "", "prepaid"])).toMatchObject({ end: "cancelled", asked: 3 });
    expect((await play("cancel", ["closed"])).end).toBe("cancelled");
  });
  it("stays unknown, never failed, when the sheet said ok and no money shows", async () => {
    const { end, asked, waited } = await play("ok", ["prepaid"]);
    expect([end, asked]).toEqual(["unknown", PAUSES_MS.length]);
    expect(waited).toBeGreaterThan(55_000);
  });
  it("is unknown without a network", async () => {
    expect((await play("ok", [""])).end).toBe("unknown");
    expect((await play("left", [""])).end).toBe("unknown");
  });
  it("is not asked for any more once nobody looks", async () => {
    expect(await play("ok", ["prepaid"], 2)).toMatchObject({ asked: 2 });
  });
  it("reads the states of the server", () => {
    expect(["paid", "PAID", "closed", "expired", "prepaid", "created", "anything"].map(settledAs)).toEqual(["paid", "paid", "closed", "closed", "open", "open", "open"]);
    expect(stageAfter("fail", "prepaid", 1)).toBe("confirming");
    expect(stageAfter("fail", "prepaid", 2)).toBe("failed");
    expect(stageAfter("ok", "closed", 1)).toBe("failed");
  });
});
