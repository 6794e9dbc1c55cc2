import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test, vi } from "vitest";
import { firstLoad } from "../../tools/budget.mjs";
import { compiled } from "../../tools/messages.mjs";
import { pageOf, pagesOf } from "../../tools/pages.mjs";
import { i18n, speak, t, tOr } from "@/app/i18n";

const SRC = fileURLToPath(new URL("../../src", import.meta.url));
const read = (path: string) => readFileSync(join(SRC, path), "utf8");

interface Texts {
  [name: string]: string | Texts;
}

async function locale(language: string): Promise<Texts> {
  const names = readdirSync(join(SRC, "locales", language));
  const entries = names.map(async (name) => {
    const code = read(`locales/${language}/${name}`);
    const module = (await import(`data:text/javascript;charset=utf-8,${encodeURIComponent(code)}`)) as { default: Texts };
    return [name.slice(0, -3), module.default] as const;
  });
  return Object.fromEntries(await Promise.all(entries));
}

function keys(texts: Texts, path = ""): string[] {
  return Object.entries(texts).flatMap(([name, value]) => (typeof value === "string" ? [`${path}${name}`] : keys(value, `${path}${name}.`)));
}

const holes = (texts: Texts, key: string): string[] => {
  const text = key.split(".").reduce<string | Texts>((at, name) => (at as Texts)[name]!, texts) as string;
  return [...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1]!).sort();
};

test("every text is there in both languages, with the same values in it", async () => {
  const [zh, en] = [await locale("zh"), await locale("en")];
  // Errors come from the platform in Chinese; only their English is ours.
  const own = (texts: Texts) => keys(texts).filter((key) => !key.startsWith("errors.")).sort();
  expect(own(en)).toEqual(own(zh));
  for (const key of own(zh)) expect([key, holes(en, key)]).toEqual([key, holes(zh, key)]);
});

test("no English text has Chinese in it", async () => {
  const en = await locale("en");
  expect(keys(en).filter((key) => /[\u4e00-\u9fff]/.test(key.split(".").reduce<string | Texts>((at, name) => (at as Texts)[name]!, en) as string))).toEqual([]);
});

test("every title of a page and every literal text that is asked for exists", async () => {
  const zh = new Set(keys(await locale("zh")));
  const files = readdirSync(SRC, { recursive: true, encoding: "utf8" }).filter((name) => /\.(vue|ts)$/.test(name) && !name.startsWith("locales"));
  const missing: string[] = [];
  for (const file of files) {
    for (const match of read(file).matchAll(/(?:\bt\(|title: |"title": )["'`]([a-z-]+(?:\.\w+)+)["'`]/gi)) if (!zh.has(match[1]!)) missing.push(`${file}: ${match[1]}`);
  }
  expect(missing).toEqual([]);
});

test("compiled texts are said without a compiler", async () => {
  vi.stubGlobal("document", { documentElement: {} });
  await speak("en");
  expect(t("app.table.count", { count: 3 })).toBe("3 on this page");
  expect(tOr("errors.no_such_code", "own")).toBe("own");
  await speak("zh");
  expect(i18n.global.locale.value).toBe("zh");
  expect(() => compiled({ a: "{broken" })).toThrow(/a: /);
});

test("every page says who it is, and a page that does not is named", () => {
  const pages = pagesOf(join(SRC, "features")) as { path: string; menu?: string; permission?: string }[];
  expect(pages.length).toBeGreaterThan(3);
  for (const page of pages) expect([page.path, page.permission]).toEqual([page.path, expect.stringMatching(/^[a-z]+\.(read|write|command)$/)]);
  expect(() => pageOf("<template/>", "x.vue")).toThrow(/x\.vue: a page needs/);
  expect(() => pageOf('<page>{"path":"a","title":"t"}</page>', "x.vue")).toThrow(/begins with/);
  expect(() => pageOf('<page>{"path":"/a","title":"t","menu":"nowhere"}</page>', "x.vue")).toThrow(/menu is one of/);
  expect(() => pageOf('<page>{"path":"/a","title":"t","colour":"red"}</page>', "x.vue")).toThrow(/colour/);
});

test("the first page is counted with all it imports at once, and with nothing it loads later", async () => {
  const { mkdtempSync, mkdirSync, rmSync, writeFileSync } = await import("node:fs");
  const { tmpdir } = await import("node:os");
  const built = mkdtempSync(join(tmpdir(), "budget-"));
  try {
    mkdirSync(join(built, "assets"));
    writeFileSync(join(built, "index.html"), '<script type="module" src="./assets/index-1.js"></script>');
    writeFileSync(join(built, "assets/index-1.js"), 'import{a}from"./vue-1.js";const p=()=>import("./page-1.js");');
    writeFileSync(join(built, "assets/vue-1.js"), "export const a=1;");
    writeFileSync(join(built, "assets/page-1.js"), "x".repeat(5000));
    writeFileSync(join(built, "assets/Shell-1.js"), "1234567890");
    const size = (content: string) => content.length;
    expect(firstLoad(built, size)).toBe(read2(built, "index-1.js") + read2(built, "vue-1.js") + 10);
  } finally {
    rmSync(built, { recursive: true });
  }
});

const read2 = (built: string, name: string) => readFileSync(join(built, "assets", name), "utf8").length;
