import { expect, test } from "vitest";
import { linesOf, size, toneOf, valueText, VERDICTS } from "@/features/tools/model";
import zh from "@/locales/zh/tools";

test("every verdict has words for what it is, and every one that is not simply good for why", () => {
  expect(VERDICTS.filter((verdict) => !(verdict in zh.verdicts))).toEqual([]);
  expect(VERDICTS.filter((verdict) => toneOf(verdict) !== "good" && !(verdict in zh.why))).toEqual([]);
  expect([toneOf("decode"), toneOf("decode_tolerant"), toneOf("reject_crc"), toneOf("something new")]).toEqual(["good", "warn", "bad", "bad"]);
});

test("columns are shown as they come, and plain fields where there are none", () => {
  const line = { name: "gun_no", label: "枪号", unit: "", raw_hex: "01", value: "01", text: "" };
  expect(linesOf({ lines: [line], fields: { other: 1 } })).toEqual([line]);
  expect(linesOf({ lines: [], fields: { socket: 3 } }).map((one) => [one.name, one.value, one.label])).toEqual([["socket", 3, ""]]);
});

test("values are written plainly", () => {
  expect([valueText(0), valueText(""), valueText(null), valueText([1, 2]), valueText({ a: 1 }), valueText("01")]).toEqual(["0", "—", "—", "[1,2]", '{"a":1}', "01"]);
  expect([size(0), size(1023), size(1536), size(5 * 1024 ** 3)]).toEqual(["0 B", "1023 B", "1.5 KiB", "5.0 GiB"]);
});
