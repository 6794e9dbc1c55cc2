import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { generated } from "../../tools/types.mjs";

it("the types are those of docs/openapi.json", async () => {
  const kept = readFileSync(new URL("../../src/api/schema.d.ts", import.meta.url), "utf8");
  expect(kept === (await generated()), "run `npm run types`").toBe(true);
});

it("every path the app asks for is in docs/openapi.json", () => {
  const document = JSON.parse(readFileSync(new URL("../../../../docs/openapi.json", import.meta.url), "utf8")) as { paths: Record<string, object> };
  const known = new Set(Object.entries(document.paths).flatMap(([path, methods]) => Object.keys(methods).map((method) => `${method.toUpperCase()} ${path.replace(/\{[^}]+\}/g, "{}")}`)));
  const source = readFileSync(new URL("../../src/api/endpoints.ts", import.meta.url), "utf8");
  const asked = [...source.matchAll(/call<[\s\S]*?>\(\s*"([A-Z]+)",\s*[`"]([^`"]+)[`"]/g)].map((match) => `${match[1]} /api/v1${match[2]!.replace(/\$\{[^}]*\}/g, "{}")}`);
  expect(asked.length).toBeGreaterThan(25);
  // The demo's own routes are not part of the platform's document.
  const missing = asked.filter((one) => !known.has(one) && !one.includes(" /api/v1/demo"));
  expect(missing).toEqual([]);
});
