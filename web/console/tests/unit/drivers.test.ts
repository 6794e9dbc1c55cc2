import { expect, test } from "vitest";
import { passState } from "@/features/drivers/model";

test("a pass counts between its moments, while uses are left and until somebody ends it", () => {
  const pass = { ended_at: null, uses_left: null, valid_from: "2030-01-01T00:00:00+08:00", valid_until: "2030-02-01T00:00:00+08:00" };
  const at = (text: string) => Date.parse(text);
  expect(passState(pass, at("2029-12-31T23:59:59+08:00"))).toBe("waiting");
  expect(passState(pass, at("2030-01-01T00:00:00+08:00"))).toBe("valid");
  expect(passState(pass, at("2030-02-01T00:00:00+08:00"))).toBe("over");
  expect(passState({ ...pass, uses_left: 0 }, at("2030-01-02T00:00:00+08:00"))).toBe("used");
  expect(passState({ ...pass, uses_left: 0, ended_at: "2030-01-02T00:00:00+08:00" }, at("2030-01-03T00:00:00+08:00"))).toBe("ended");
});
