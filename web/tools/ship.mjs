// Puts a built web app where the Python package serves it from, with the hash of what it was built from (ADR 33).
import { createHash } from "node:crypto";
import { cp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join, relative, sep } from "node:path";

/** Every file below a path, or the path itself when it is a file. */
export async function files(path) {
  const entries = await readdir(path, { withFileTypes: true, recursive: true }).catch(() => null);
  if (entries === null) return [path];
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath ?? entry.path, entry.name));
}

/** SHA-256 over "path, size, content" of every source, by path; tests/unit/main/web_build.py reckons the same. Types are left out, for they leave no trace in what is built. */
export async function sourceHash(home, sources) {
  const found = (await Promise.all(sources.map((name) => files(join(home, name))))).flat().filter((path) => !path.endsWith(".d.ts"));
  const named = found.map((path) => [relative(home, path).split(sep).join("/"), path]).sort(([one], [other]) => (one < other ? -1 : 1));
  const hash = createHash("sha256");
  for (const [name, path] of named) {
    const content = await readFile(path);
    hash.update(`${name} ${content.length}\n`);
    hash.update(content);
  }
  return hash.digest("hex");
}

/** Replaces what is served by what was built; `tidy` may change the text of a style sheet. */
export async function ship({ home, built, target, sources, tidy = (text) => text }) {
  await rm(target, { recursive: true, force: true });
  await cp(built, target, { recursive: true });
  for (const path of (await files(target)).filter((one) => one.endsWith(".css"))) {
    const text = await readFile(path, "utf8");
    const own = tidy(text);
    if (own !== text) await writeFile(path, own);
  }
  await writeFile(join(target, ".source-hash"), `${await sourceHash(home, sources)}\n`);
  console.log(`wrote ${relative(process.cwd(), target)}`);
}
