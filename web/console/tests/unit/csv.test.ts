import { expect, test } from "vitest";
import { BOM, cell, csv } from "@/ui/csv";

test("no cell is a formula", () => {
  for (const risky of ["=1+1", "+SUM(A1)", "-2+3", "@cmd", "|calc", "%0A", "\t=1", " =1", "\n=1", '=HYPERLINK("http://x")']) {
    expect(cell(risky).replace(/^"/, "")).toMatch(/^'/);
  }
});

test("numbers stay numbers, long digits stay text, words stay words", () => {
  expect(["-12.50", "3", "+7"].map(cell)).toEqual(["-12.50", "3", "+7"]);
  expect(cell("32010600000001")).toBe('"\t32010600000001"');
  expect(cell("滨江公园快充站")).toBe("滨江公园快充站");
  expect(cell('a "b", c')).toBe('"a ""b"", c"');
});

test("a file opens in Excel", () => {
  expect(csv(["桩", "kWh"], [["一", "1.5"]])).toBe(`${BOM}桩,kWh\r\n一,1.5\r\n`);
});
