import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { actionKey, ACTIONS, grants, newPassword, pageOf } from "@/features/operators/model";
import zh from "@/locales/zh/operators";

const PLATFORM = new URL("../../../../src/chargecloud", import.meta.url).pathname;

test("every action one can choose is one the platform writes into the audit log, and has a name", () => {
  const written = new Set<string>();
  for (const file of readdirSync(PLATFORM, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".py"))) {
    for (const match of readFileSync(join(PLATFORM, file), "utf8").matchAll(/\baudit\(\s*\w+,\s*\w+,\s*"([a-z_]+\.[a-z_]+)"/g)) written.add(match[1]!);
  }
  expect(written.size).toBeGreaterThan(40);
  // Some are put together when they are written, so they stand nowhere as they are.
  expect(ACTIONS.filter((action) => !written.has(action) && !/^(driver\.(un)?freeze|feedback\.)/.test(action))).toEqual([]);
  expect(ACTIONS.filter((action) => !(actionKey(action) in zh.actions))).toEqual([]);
});

test("permissions are told by what they are about", () => {
  expect(grants(["stations.read", "stations.write", "devices.command"])).toEqual([
    { subject: "stations", verbs: ["read", "write"] },
    { subject: "devices", verbs: ["command"] },
  ]);
});

test("what has a page of its own is led to, and nothing else", () => {
  expect([pageOf("station:3"), pageOf("charge_point:32010600000001"), pageOf("driver:7")]).toEqual(["/stations/3", "/charge-points/32010600000001", "/drivers/7"]);
  for (const object of ["tariff:1", "station:", "station", "station:../x", "constructor:1"]) expect([object, pageOf(object)]).toEqual([object, undefined]);
});

test("made passwords are long, and never twice the same", () => {
  const made = Array.from({ length: 200 }, newPassword);
  expect(new Set(made).size).toBe(200);
  for (const one of made) expect(one).toMatch(/^[A-HJ-NP-Za-km-z2-9]{20}$/);
});
