// How much script the first page loads: what index.html names, the frame around every page, a table, and what those files import at once.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

/** 350 kB: the standard of the console. */
export const MOST_BYTES = 350 * 1000;

/** Loaded on demand, but by every first page: the frame, a table, the sign-in. */
const ALWAYS = /^(Shell|DataTable|SignIn)-[^/]+\.js$/;

/** Bytes (gzip) of every script that the page in this directory loads before anything is clicked. */
export function firstLoad(built, pack = (content) => gzipSync(content).length) {
  const page = readFileSync(join(built, "index.html"), "utf8");
  const wanted = [...page.matchAll(/(?:src|href)="\.?\/?(assets\/[^"]+\.js)"/g)].map((match) => match[1]);
  if (!wanted.length) throw new Error("index.html names no script");
  for (const name of readdirSync(join(built, "assets"))) if (ALWAYS.test(name)) wanted.push(`assets/${name}`);
  const seen = new Set();
  let bytes = 0;
  while (wanted.length) {
    const name = wanted.pop();
    if (seen.has(name)) continue;
    seen.add(name);
    const text = readFileSync(join(built, name), "utf8");
    bytes += pack(text);
    // `import … from"./x.js"` and `export … from"./x.js"`; `import("./x.js")` comes later.
    for (const match of text.matchAll(/(?:from|import)\s*["']\.\/([^"']+\.js)["']/g)) wanted.push(`assets/${match[1]}`);
  }
  return bytes;
}
