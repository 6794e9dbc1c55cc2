// A dispatcher's browser; the platform around it is in web/tools/world.mjs.
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { listen, pause, PYTHON, shotsWanted } from "../../../tools/world.mjs";

export const DESK = { width: 1440, height: 900 };

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

/** A browser's page on a desk, with everything it complained about. */
export async function desk(world, options = {}) {
  const context = await world.browser.newContext({ viewport: DESK, locale: "zh-CN", timezoneId: "Asia/Shanghai", acceptDownloads: true, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  const { complaints, strangers } = listen(page);
  return Object.assign(page, {
    complaints,
    strangers,
    to: (path) => page.goto(`${world.base}/#${path}`),
    says: (text, withinMs = 20_000) => page.getByText(text).first().waitFor({ timeout: withinMs }),
    press: (name) => page.getByRole("button", { name, exact: true }).last().click(),
    enter: async ({ username, password }) => {
      await page.goto(`${world.base}/#/sign-in`);
      await page.locator("input[name=username]").fill(username);
      await page.locator("input[name=password]").fill(password);
      await page.locator("button[type=submit]").click();
      await page.locator(".shell").waitFor();
    },
    /** A picture for the manual, once everything has come in and nothing moves any more. */
    shoot: async (name) => {
      if (!shotsWanted) return;
      await pause(900);
      await page.screenshot({ path: `${shotsWanted}/console/${name}.png`, scale: "css" });
    },
  });
}
