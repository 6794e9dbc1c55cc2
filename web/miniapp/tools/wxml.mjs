// Looks at the WeChat output as WeChat would: every page and component is there, every .wxml and .wxss goes through the official
// compilers, and the package is small enough to be uploaded.
import { spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const BUILT = fileURLToPath(new URL("../dist/build/mp-weixin", import.meta.url));
/** What WeChat lets a package have before it must be cut into several. */
const MOST_BYTES = 2 * 1024 * 1024;

const files = (directory) =>
  readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name);
    return entry.isDirectory() ? files(path) : [path];
  });

/** Everything that is wrong with a built mini program, as sentences. */
export function wrong(built, compilers) {
  const found = [...missing(built), ...uncompiled(built, compilers)];
  const bytes = files(built).reduce((total, path) => total + statSync(path).size, 0);
  if (bytes > MOST_BYTES) found.push(`the package has ${bytes} bytes; WeChat takes ${MOST_BYTES}`);
  return found;
}

function missing(built) {
  const found = [];
  const app = JSON.parse(readFileSync(join(built, "app.json"), "utf8"));
  const whole = (path, of) => {
    for (const ending of ["js", "json", "wxml"]) {
      if (!existsSync(join(built, `${path}.${ending}`))) found.push(`${of}: ${path}.${ending} is not there`);
    }
  };
  for (const page of app.pages) whole(page, "app.json");
  for (const path of files(built).filter((one) => one.endsWith(".json"))) {
    const used = JSON.parse(readFileSync(path, "utf8")).usingComponents ?? {};
    for (const component of Object.values(used)) {
      const target = component.startsWith("/") ? component.slice(1) : relative(built, join(dirname(path), component));
      whole(target, relative(built, path));
    }
  }
  return found;
}

function uncompiled(built, compilers) {
  const found = [];
  for (const [ending, program, ...options] of [["wxml", compilers.wcc, "-d"], ["wxss", compilers.wcsc, "-js"]]) {
    for (const path of files(built).filter((one) => one.endsWith(`.${ending}`))) {
      const done = spawnSync(program, [...options, relative(built, path)], { cwd: built, encoding: "utf8", maxBuffer: 64 * 1024 * 1024 });
      if (done.status !== 0) found.push(`${relative(built, path)}: ${(done.stderr || done.error?.message || `exit ${done.status}`).trim()}`);
    }
  }
  return found;
}

/** WeChat's compilers come with their executable bit or without; copies of ours have it. */
export function withCompilers(act) {
  const require = createRequire(import.meta.url);
  const origin = join(dirname(require.resolve("miniprogram-compiler/package.json")), "bin/linux");
  const directory = mkdtempSync(join(tmpdir(), "wechat-compilers-"));
  try {
    const compilers = Object.fromEntries(
      ["wcc", "wcsc"].map((name) => {
        const path = join(directory, name);
        copyFileSync(join(origin, name), path);
        chmodSync(path, 0o755);
        return [name, path];
      }),
    );
    return act(compilers);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (!existsSync(join(BUILT, "app.json"))) {
    console.error("there is no WeChat output; run `npm run build:mp` first");
    process.exit(1);
  }
  const found = withCompilers((compilers) => wrong(BUILT, compilers));
  for (const sentence of found) console.error(sentence);
  if (found.length) process.exit(1);
  const count = (ending) => files(BUILT).filter((path) => path.endsWith(ending)).length;
  console.log(`WeChat's compilers take all of it: ${count(".wxml")} .wxml, ${count(".wxss")} .wxss`);
}
