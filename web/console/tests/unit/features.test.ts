import { expect, test } from "vitest";
import { limitValue } from "@/features/orders/model";
import { canStop, isOverTime, OVER_TIME_S, readable, thinned } from "@/features/sessions/model";
import { kindOf, OFFERS, offersFor } from "@/features/stations/commands";
import { fits, good, joined, pairs, type FrameLine } from "@/features/stations/frames";
import { bits, placesOf, type LivePoint } from "@/features/stations/model";

const connector = (state: string) => ({ state, plugged: false, fault_bits: 0, session_no: "" });
const point = (code: string, name: string, states: string[], online = true): LivePoint => ({
  code, name, online, connectors: Object.fromEntries(states.map((state, index) => [String(index + 1), connector(state)])),
});

test("connectors stand in order of names and numbers, and what is wrong first when that is wanted", () => {
  const points = [point("2", "快充 02", ["charging", "faulted"]), point("1", "快充 01", ["available"]), point("3", "快充 03", ["charging"], false)];
  const named = (urgent: boolean) => placesOf(points, urgent).map((place) => `${place.point.code}/${place.no}`);
  expect(named(false)).toEqual(["1/1", "2/1", "2/2", "3/1"]);
  expect(named(true)).toEqual(["2/2", "3/1", "2/1", "1/1"]);
});

test("fault bits are numbered from 0", () => {
  expect([bits(0), bits(1), bits(0b1010), bits(1 << 30)]).toEqual([[], [0], [1, 3], [30]]);
});

test("buttons follow what a charge point says it can do; one that never said is offered all", () => {
  expect(offersFor(["clock", "reboot", "start"]).map((offer) => offer.kind)).toEqual(["sync_clock", "reboot"]);
  expect(offersFor([])).toBe(OFFERS);
  expect(["SyncClock", "SetQrPrefix", "reboot"].map(kindOf)).toEqual(["sync_clock", "set_qr_prefix", "reboot"]);
  expect(OFFERS.filter((offer) => offer.kind === "reboot" || offer.kind === "update_firmware").every((offer) => offer.risky)).toBe(true);
});

const frame = (id: number, type: string, fields: Record<string, unknown>, verdict = "decode"): FrameLine => ({
  id, at: "2026-01-01T00:00:00Z", direction: "up", protocol: "ykc16", hex: "680D06", decoded: [{ frame_type: type, name: "realtime_data", verdict, fields, error: null }],
});

test("frames are joined by number, newest first, none twice, and not without end", () => {
  const all = joined([frame(3, "0x13", {}), frame(1, "0x03", {})], [frame(3, "0x13", {}), frame(4, "0x13", {})], 10);
  expect(all.map((line) => line.id)).toEqual([4, 3, 1]);
  expect(joined(all, [frame(9, "0x13", {})], 2).map((line) => line.id)).toEqual([9, 4]);
});

test("a frame is found by type, by name, by field and value, by bytes; by every word at once", () => {
  const line = frame(1, "0x13", { gun_no: "01", voltage: { raw: 1 } });
  for (const words of ["0x13", "REALTIME", "gun_no=01", "680d", "0x13 gun_no=01", ""]) expect([words, fits(line, words)]).toEqual([words, true]);
  for (const words of ["0x23", "gun_no=02", "0x13 gun_no=02"]) expect([words, fits(line, words)]).toEqual([words, false]);
  expect(pairs("680D06")).toBe("68 0D 06");
  expect([good(line), good(frame(1, "0x13", {}, "decode_tolerant")), good(frame(1, "0x13", {}, "reject_crc"))]).toEqual([true, true, false]);
});

test("a limit is sent as the whole number the platform counts in, without a float on the way", () => {
  expect(limitValue("money", "19.99")).toBe(1999);
  expect(limitValue("money", "0.07")).toBe(7);
  expect(limitValue("energy", "12.345678")).toBe(12_345_678);
  expect(limitValue("minutes", "90")).toBe(90);
  expect(limitValue("none", "abc")).toBe(0);
  for (const [kind, text] of [["money", "0"], ["money", "1.999"], ["money", "-1"], ["minutes", "1.5"], ["soc", "101"], ["energy", ""], ["money", "1e3"]] as const) {
    expect([kind, text, limitValue(kind, text)]).toEqual([kind, text, undefined]);
  }
});

test("a long curve is drawn of some of its points, with the first and the last", () => {
  const row = Array.from({ length: 1000 }, (_, index) => index);
  const drawn = thinned(row, 100);
  expect([drawn.length, drawn[0], drawn[99]]).toEqual([100, 0, 999]);
  expect(thinned(row.slice(0, 5), 100)).toEqual([0, 1, 2, 3, 4]);
});

test("what battery and charger say is read with the unit its name has", () => {
  expect(readable("voltage_demand_mv", 401_200)).toEqual({ value: "401.2", unit: "V" });
  expect(readable("cell_max_voltage_mv", 3_652)).toEqual({ value: "3.652", unit: "V" });
  expect(readable("soc_permille", 455)).toEqual({ value: "45.5", unit: "%" });
  expect(readable("nominal_energy_mwh", 60_000_000)).toEqual({ value: "60.00", unit: "kWh" });
  expect(readable("charge_allowed", true).value).toBe("✓");
  expect(readable("warnings", []).value).toBe("—");
  expect(readable("pack_serial", 77)).toEqual({ value: "77", unit: "" });
});

test("only a charge that may still flow can be stopped, and a long one is noticed", () => {
  expect([canStop("charging"), canStop("recorded"), canStop("stopping")]).toEqual([true, false, false]);
  expect(isOverTime({ state: "charging", charged_s: OVER_TIME_S + 1 })).toBe(true);
  expect(isOverTime({ state: "recorded", charged_s: OVER_TIME_S + 1 })).toBe(false);
});
