// Runs the browser tests of one web app, file by file: node e2e.mjs DIRECTORY. With E2E_AGAIN=1, as CI sets it, a file that failed is run once more:
// a machine that stands still for half a minute fails any test of time. What fails twice fails; what failed once is told at the end, to be looked into.
import { spawn } from "node:child_process";
import { readdir } from "node:fs/promises";
import { join } from "node:path";

const [directory] = process.argv.slice(2);
const again = process.env.E2E_AGAIN === "1";

/** Whether all tests of a file passed. */
function passes(file) {
  const program = spawn(process.execPath, ["--test", "--test-reporter=tap", join(directory, file)], { stdio: "inherit" });
  return new Promise((resolve) => program.once("exit", (code) => resolve(code === 0)));
}

/** Those of the files that failed. */
async function failed(files) {
  const found = [];
  for (const file of files) {
    process.stdout.write(`\n# == ${file}\n`);
    if (!(await passes(file))) found.push(file);
  }
  return found;
}

const files = (await readdir(directory)).filter((name) => name.endsWith(".test.mjs")).sort();
if (files.length === 0) throw new Error(`no *.test.mjs in ${directory}`);
const once = await failed(files);
const twice = again && once.length > 0 ? await failed(once) : once;
for (const file of once) console.log(twice.includes(file) ? `# FAILED ${file}` : `# UNSTEADY ${file}: failed once, passed the second time`);
console.log(`# ${files.length - twice.length} of ${files.length} files passed`);
process.exit(twice.length === 0 ? 0 : 1);
