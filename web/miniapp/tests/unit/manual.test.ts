import { existsSync, readdirSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";

const at = (path: string) => new URL(`../../../../${path}`, import.meta.url);
const shown = [...readFileSync(at("docs/manual/README.md"), "utf8").matchAll(/src="([^"]+)\.png"/g)].map((match) => match[1]!);
const tests = readdirSync(at("web/miniapp/tests/e2e")).filter((name) => name.endsWith(".test.mjs"));
const taken = tests.flatMap((name) => [...readFileSync(at(`web/miniapp/tests/e2e/${name}`), "utf8").matchAll(/shoot\("([^"]+)"\)/g)].map((match) => match[1]!));

it("every picture of the manual is there, and none besides", () => {
  const kept = readdirSync(at("docs/manual")).filter((name) => name.endsWith(".png")).map((name) => name.slice(0, -4));
  expect(kept.sort()).toEqual([...shown].sort());
  expect(taken.filter((name) => !existsSync(at(`docs/manual/${name}.png`)))).toEqual([]);
});

it("every page of the app is in the manual", () => {
  const pages = [...readFileSync(at("web/miniapp/src/pages.json"), "utf8").matchAll(/"path": "pages\/([a-z]+)\//g)].map((match) => match[1]!);
  expect(pages.length).toBeGreaterThan(10);
  const missing = pages.filter((page) => !shown.some((name) => name === page || name.startsWith(`${page}-`)));
  expect(missing).toEqual([]);
});
