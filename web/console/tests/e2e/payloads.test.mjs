// What charge points, drivers and strangers send is text wherever staff see it: nothing of it runs, nothing of it is a formula, nothing of it forges the log.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { chromium } from "playwright-core";
import { PYTHON, until, World } from "../../../tools/world.mjs";
import { account, desk } from "./rig.mjs";
import { addresses, behindTabs, settled } from "./places.mjs";

const ROOT = fileURLToPath(new URL("../../../..", import.meta.url));
const MARK = /payload|X\(\)|=1\+1|@A\(\)|\+1\|A|<b>X/;

const world = new World(chromium, { CHARGECLOUD_LOG__FORMAT: "json", CHARGECLOUD_LOG__LEVEL: "info" });
const executed = [];
let page;
let made;
let places;

before(async () => {
  await world.start();
  const boss = await account(world, "administrator", "payload-e2e");
  // Making the account takes as long as a connection that was kept open lives.
  const { token } = await until(() => world.call("POST", "/staff/sign-in", { body: boss }), "a session");
  // Before so many strangers try to sign in from this address that it has to wait.
  page = await desk(world);
  await page.context().exposeFunction("X", () => executed.push(page.url()));
  page.on("dialog", (dialog) => {
    executed.push(`dialog ${dialog.message()}`);
    void dialog.dismiss();
  });
  await page.enter(boss);
  // Not in one go: somebody has to take what the platform logs meanwhile.
  const sent = await promisify(execFile)(PYTHON, ["-m", "tests.payloads", "--base", `http://127.0.0.1:${world.httpPort}`, "--ykc", String(world.ykcPort), "--dny", String(world.dnyPort), "--token", token], { cwd: ROOT, timeout: 240_000 });
  made = JSON.parse(sent.stdout.trim().split("\n").at(-1));
  const details = [...made.codes, ...made.boards].map((code) => `/charge-points/${code}`);
  places = await addresses(page, [...made.drivers.slice(0, 3).map((id) => `/drivers/${id}`), `/stations/${made.station}`, details[0]]);
  places.push(...details.slice(1).map((address) => ({ path: "/charge-points/:code", address })));
}, { timeout: 400_000 });
after(() => world.stop(), { timeout: 60_000 });

test("everything was sent", (context) => {
  context.diagnostic(JSON.stringify(made.sent));
  assert.ok(made.sent["0x01"] > 8 && made.sent.accepted > 20 && made.sent.socket > 50, JSON.stringify(made.sent));
});

test("no page runs any of it, asks anybody for it, or makes elements of it", async (context) => {
  let seen = 0;
  for (const { address } of places.filter((one) => one.address)) {
    await page.to(address);
    await settled(page);
    await behindTabs(page, async (tab) => {
      const words = await page.locator("body").innerText();
      seen += MARK.test(words) ? 1 : 0;
      const elements = await page.evaluate(() => document.querySelectorAll("#app img[src='x'], #app iframe, #app script, #app math, #app [onerror], #app [onload], #app b#p, a[href^='javascript:'], a[href^='data:text']").length);
      assert.equal(elements, 0, `${address} ${tab}: a payload became an element`);
    });
  }
  context.diagnostic(`${places.length} addresses, payloads seen on ${seen} pages or tabs`);
  assert.ok(seen >= 5, `payloads are seen on ${seen} pages only, which proves nothing`);
  assert.deepEqual(executed, []);
  assert.deepEqual([...page.strangers], []);
});

test("the hook would see it", async () => {
  await page.evaluate(() => globalThis.X());
  assert.equal(executed.length, 1);
  executed.length = 0;
});

/** Cells of a CSV file. */
function cells(text) {
  const found = [];
  for (const match of text.replace(/^\uFEFF/, "").matchAll(/(?:^|,|\r\n)(?:"((?:[^"]|"")*)"|([^,\r\n]*))/g)) found.push((match[1] ?? match[2] ?? "").replaceAll('""', '"'));
  return found;
}

/** Presses what writes the table at once: a button of its own, or the first line of a menu where the platform can write files too. */
async function write(button) {
  await button.click();
  if ((await button.innerText()).includes("CSV")) return;
  await page.getByRole("menuitem", { name: /^CSV，当前列/ }).click();
}

test("no cell of a table that was written to a file is a formula", async (context) => {
  let files = 0;
  let neutralised = 0;
  for (const { address } of places.filter((one) => one.address && !one.path.includes(":"))) {
    await page.to(address);
    await settled(page);
    const button = page.getByRole("button", { name: /^导出( CSV)?$/ });
    if (!(await button.count()) || !(await button.first().isEnabled())) continue;
    // Every column there is, hidden ones too.
    await page.getByRole("button", { name: "列", exact: true }).first().click();
    const hidden = page.locator(".choose:visible .el-checkbox:not(.is-checked)");
    while (await hidden.count()) await hidden.first().click();
    await page.keyboard.press("Escape");
    const [saved] = await Promise.all([page.waitForEvent("download"), write(button.first())]);
    files += 1;
    for (const cell of cells(readFileSync(await saved.path(), "utf8"))) {
      neutralised += cell.startsWith("'") ? 1 : 0;
      const formula = /^[\s\0]*[=+\-@|%]/.test(cell) || /^[\t\r]/.test(cell);
      const plain = /^[+-]?\d+(\.\d+)?$/.test(cell) || /^\t\d{12,}$/.test(cell) || /^-$/.test(cell);
      assert.ok(!formula || plain, `${address}: ${JSON.stringify(cell)}`);
    }
  }
  context.diagnostic(`${files} files, ${neutralised} cells with an apostrophe`);
  assert.ok(files >= 3);
  assert.ok(neutralised > 0, "no payload came into a file, which proves nothing");
});

test("no line of the log was made by a stranger", () => {
  const lines = world.demo.said.split(/\r?\n/);
  const structured = lines.filter((line) => line.startsWith("{")).map((line) => JSON.parse(line));
  assert.ok(structured.length > 100);
  assert.equal(structured.filter((line) => line.event === "forged" || !line.at || !line.level).length, 0);
  assert.equal(lines.filter((line) => /[\u0000-\u0008\u001b\u202e]/.test(line)).length, 0);
});
