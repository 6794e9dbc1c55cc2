// How soon something is seen: `node tests/e2e/paint.mjs` prints figures as JSON; tests/bench/bench_console.py puts them beside their limits.
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { World } from "../../../tools/world.mjs";
import { firstLoad } from "../../tools/budget.mjs";
import { account, desk } from "./rig.mjs";

const LOADS = 9;
const STATIC = fileURLToPath(new URL("../../../../src/chargecloud/main/console/static", import.meta.url));
const middle = (values) => [...values].sort((one, other) => one - other)[values.length >> 1];

/** One load in a browser that has never been here; ms until the first paint of content, and bytes of script. */
async function load(world, address, whole, cookies) {
  const page = await desk(world);
  if (cookies) await page.context().addCookies(cookies);
  await page.goto(`${world.base}${address}`);
  await page.locator(whole).first().waitFor();
  await page.waitForFunction(() => performance.getEntriesByName("first-contentful-paint").length > 0);
  const told = await page.evaluate(() => ({
    paintMs: performance.getEntriesByName("first-contentful-paint")[0].startTime,
    scriptBytes: performance.getEntriesByType("resource").filter((one) => one.name.endsWith(".js")).reduce((sum, one) => sum + one.transferSize, 0),
  }));
  await page.context().close();
  return told;
}

async function measured(world, address, whole, cookies) {
  const loads = [];
  for (let turn = 0; turn < LOADS; turn++) loads.push(await load(world, address, whole, cookies));
  const of = (name) => Math.round(middle(loads.map((one) => one[name])));
  return { first_paint_ms: of("paintMs"), script_bytes: of("scriptBytes") };
}

const world = new World(chromium);
try {
  await world.start();
  const page = await desk(world);
  await page.enter(await account(world, "dispatcher", "paint-e2e"));
  const cookies = await page.context().cookies();
  await page.context().close();
  const signIn = await measured(world, "/", "form h1");
  const first = await measured(world, "/", "#main .page", cookies);
  console.log(JSON.stringify({ sign_in: signIn, first_page: first, initial_script_kb: Math.round(firstLoad(STATIC) / 100) / 10, loads: LOADS }));
} finally {
  await world.stop();
}
