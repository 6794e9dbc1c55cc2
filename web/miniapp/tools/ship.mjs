// Puts the built web app where the Python package serves it from, with the hash of what it was built from.
import { createHash } from "node:crypto";
import { cp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";

const HERE = fileURLToPath(new URL("..", import.meta.url));
const BUILT = join(HERE, "dist/build/h5");
const TARGET = fileURLToPath(new URL("../../../src/chargecloud/main/miniapp/static", import.meta.url));
/** What the built files depend on; types are left out, for they leave no trace in them. */
const SOURCES = ["index.html", "package-lock.json", "vite.config.ts", "src"];

async function files(path) {
  const entries = await readdir(path, { withFileTypes: true, recursive: true }).catch(() => null);
  if (entries === null) return [path];
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath ?? entry.path, entry.name));
}

/** SHA-256 over "path, size, content" of every source, by path; tests/unit/main/test_miniapp.py reckons the same. */
export async function sourceHash() {
  const found = (await Promise.all(SOURCES.map((name) => files(join(HERE, name))))).flat().filter((path) => !path.endsWith(".d.ts"));
  const named = found.map((path) => [relative(HERE, path).split(sep).join("/"), path]).sort(([one], [other]) => (one < other ? -1 : 1));
  const hash = createHash("sha256");
  for (const [name, path] of named) {
    const content = await readFile(path);
    hash.update(`${name} ${content.length}\n`);
    hash.update(content);
  }
  return hash.digest("hex");
}

/** The framework's style sheet wants a shadow below its own title bar, which we do not show, from a stranger's host. */
async function tidied(path) {
  const text = await readFile(path, "utf8");
  const own = text.replace(/https:\/\/cdn\.dcloud\.net\.cn\/[^)"']+/g, "data:,");
  if (own !== text) await writeFile(path, own);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await rm(TARGET, { recursive: true, force: true });
  await cp(BUILT, TARGET, { recursive: true });
  for (const path of (await files(TARGET)).filter((one) => one.endsWith(".css"))) await tidied(path);
  await writeFile(join(TARGET, ".source-hash"), `${await sourceHash()}\n`);
  console.log(`wrote ${relative(process.cwd(), TARGET)}`);
}
