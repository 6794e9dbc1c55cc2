import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { pagesOf } from "../../tools/pages.mjs";

const at = (path: string) => fileURLToPath(new URL(`../../../../${path}`, import.meta.url));
const shown = [...readFileSync(at("docs/manual/console/README.md"), "utf8").matchAll(/src="([^"]+)\.png"/g)].map((match) => match[1]!);

test("every picture of the manual is there, and none besides", () => {
  const kept = readdirSync(at("docs/manual/console")).filter((name) => name.endsWith(".png"));
  expect(kept.map((name) => name.slice(0, -4)).sort()).toEqual([...new Set(shown)].sort());
  expect(shown.filter((name) => !existsSync(at(`docs/manual/console/${name}.png`)))).toEqual([]);
});

test("every page of the console is in the manual", () => {
  const names = (pagesOf(at("web/console/src/features")) as { path: string }[]).map((page) => page.path.slice(1).replace(/\/:.*/, "-one").replaceAll("/", "-"));
  expect(names.filter((name) => !shown.some((picture) => picture.startsWith(name)))).toEqual([]);
});
