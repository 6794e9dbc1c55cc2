import { describe, expect, it } from "vitest";
import { amperes, hubState, kilowattHours, volts } from "@/features/stations/hubs";

const HUB = { retired: false, smoke: false, charge_points: 3, online: 3 };

describe("what a hub is doing", () => {
  it.each([
    ["online", {}],
    ["part", { online: 1 }],
    ["offline", { online: 0 }],
    ["alone", { charge_points: 0, online: 0 }],
    ["smoke", { smoke: true, online: 0 }],
    ["smoke", { smoke: true, retired: true }],
    ["retired", { retired: true, online: 0 }],
  ])("%s", (state, changes) => expect(hubState({ ...HUB, ...changes })).toBe(state));

  it("says measured values in units people read", () => {
    expect([volts(221_300), amperes(4_200), kilowattHours(7_000_000), volts(null)]).toEqual(["221.3 V", "4.20 A", "7.0 kWh", ""]);
  });
});
