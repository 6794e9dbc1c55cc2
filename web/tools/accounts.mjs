// Staff accounts for browser tests, made on the command line beside the platform.
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { PYTHON } from "./world.mjs";

/** Runs Python beside the platform; what it prints. Not waited for in place: meanwhile the platform is read and answered. */
export async function python(words, options = {}) {
  return (await promisify(execFile)(PYTHON, words, { encoding: "utf8", maxBuffer: 1 << 26, ...options })).stdout.trim();
}

/** An account of a role, made on the command line as an operator would; its password is told once. */
export async function account(world, role, username) {
  const clean = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("CHARGECLOUD_")));
  const settings = { ...clean, CHARGECLOUD_DATA_DIR: join(world.directory, "data", "demo") };
  const words = ["-m", "chargecloud.main", "staff", "add", username, "--role", role, "--name", username, "--generate"];
  const said = await python(words, { cwd: world.directory, env: settings });
  const password = /password: (\S+)/.exec(said)?.[1];
  if (!password) throw new Error(`no account: ${said}`);
  return { username, password };
}
