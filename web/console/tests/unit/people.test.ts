// Names in place of what the API says of who did something.
import { expect, test } from "vitest";
import { named } from "@/app/people";

const names = new Map([["staff:3", "王芳"]]);

test.each([
  ["staff:3", "王芳"],
  ["staff:4", "staff:4"],
  ["staff:33", "staff:33"],
  ["staff:张三", "张三"],
  ["driver:3", "driver:3"],
  ["rules", "rules"],
  ["", ""],
  [null, ""],
])("%s is shown as %s", (by, shown) => {
  expect(named(by, names)).toBe(shown);
});
