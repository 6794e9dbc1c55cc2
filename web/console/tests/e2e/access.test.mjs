// Every page for everybody: contrast, names and roles by axe-core (WCAG 2.1 AA), and everything within reach of the keyboard.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { chromium } from "playwright-core";
import { World } from "../../../tools/world.mjs";
import { account, desk } from "./rig.mjs";
import { addresses, behindTabs, settled } from "./places.mjs";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"];
const LOOKS = [["zh", "light"], ["zh", "dark"], ["en", "light"], ["en", "dark"]];

const world = new World(chromium);
let boss;
let place;

before(async () => {
  await world.start();
  boss = await account(world, "administrator", "access-e2e");
  place = await world.plugged();
}, { timeout: 180_000 });
after(() => world.stop(), { timeout: 60_000 });

async function dressed(language, theme) {
  const page = await desk(world);
  await page.addInitScript(`localStorage.setItem("console.settings", ${JSON.stringify(JSON.stringify({ language, theme }))})`);
  return page;
}

/** Serious and critical violations, each with the places where it is. */
async function violations(page) {
  await page.evaluate(AXE);
  const found = await page.evaluate((rules) => globalThis.axe.run(document, { runOnly: rules, resultTypes: ["violations"] }), RULES);
  return found.violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, nodes }) => `${id}: ${nodes.slice(0, 4).map((node) => `${node.target.join(" ")} ${node.any[0]?.message ?? node.all[0]?.message ?? node.none[0]?.message ?? ""}`).join(" | ")}`);
}

for (const [language, theme] of LOOKS) {
  test(`axe finds nothing serious on any page: ${language}, ${theme}`, async (context) => {
    const page = await dressed(language, theme);
    const wrong = [];
    const look = async (where) => wrong.push(...(await violations(page)).map((what) => `${where}: ${what}`));
    await page.goto(`${world.base}/#/sign-in`);
    await page.locator("form h1").waitFor();
    await look("/sign-in");
    await page.enter(boss);
    const places = await addresses(page, [`/charge-points/${place.code}`]);
    let looked = 1;
    for (const { path, address } of places) {
      if (!address) {
        context.diagnostic(`no example of ${path} in the demo`);
        continue;
      }
      await page.to(address);
      await settled(page);
      await behindTabs(page, async (tab) => {
        looked += 1;
        await look(`${path} ${tab}`.trim());
      });
    }
    context.diagnostic(`${looked} pages and tabs`);
    assert.deepEqual([...new Set(wrong)], []);
    await page.context().close();
  });
}

const REACHABLE = "a[href], button, input, select, textarea, [tabindex='0']";

/** What a mouse can do but Tab does not come to, and what shows no sign of having the focus. */
async function walked(page) {
  await page.evaluate((selector) => {
    const seen = (element) => {
      const box = element.getBoundingClientRect();
      const style = getComputedStyle(element);
      return box.width > 0 && box.height > 0 && style.visibility !== "hidden" && !element.closest("[aria-hidden='true'], [inert]");
    };
    globalThis.wanted = [...document.querySelectorAll(selector)].filter((one) => seen(one) && !one.disabled && one.getAttribute("tabindex") !== "-1" && one.getAttribute("aria-disabled") !== "true");
    // The sign of the focus may be on the element, or on the frame that looks like it.
    globalThis.looks = (element) =>
      [element, element.parentElement, element.closest(".el-select__wrapper, .el-input__wrapper, .el-date-editor, .el-checkbox, .el-radio, .el-radio-button, .el-switch"), element.nextElementSibling]
        .filter(Boolean)
        .map((one) => {
          const { outline, boxShadow, borderColor, backgroundColor } = getComputedStyle(one);
          return [outline, boxShadow, borderColor, backgroundColor].join();
        })
        .join("|");
    globalThis.reached = new Set();
    globalThis.unseen = [];
    document.activeElement?.blur();
    globalThis.plain = new Map(globalThis.wanted.map((one) => [one, globalThis.looks(one)]));
  }, REACHABLE);
  const count = await page.evaluate(() => globalThis.wanted.length);
  for (let turn = 0; turn < count * 2 + 20; turn++) {
    await page.keyboard.press("Tab");
    const done = await page.evaluate(async () => {
      await new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)));
      const { activeElement } = document;
      if (!activeElement || activeElement === document.body) return false; // round again: where Tab begins is the browser's affair
      if (globalThis.reached.has(activeElement)) return false;
      globalThis.reached.add(activeElement);
      const before = globalThis.plain.get(activeElement);
      const marked = before === undefined || before !== globalThis.looks(activeElement);
      if (!marked) globalThis.unseen.push(activeElement.outerHTML.slice(0, 160));
      return globalThis.wanted.every((one) => globalThis.reached.has(one));
    });
    if (done) break;
  }
  return page.evaluate(() => {
    // Of radio buttons in a group the Tab key comes to one, and arrows to the rest; the same for tabs.
    const grouped = (one) => one.matches("input[type=radio], [role=tab], [role=menuitem]");
    const missed = globalThis.wanted.filter((one) => one.isConnected && !one.disabled && !globalThis.reached.has(one) && !grouped(one));
    return { reached: globalThis.reached.size, missed: missed.map((one) => one.outerHTML.slice(0, 160)), unseen: globalThis.unseen };
  });
}

test("Tab comes to every action of the sign-in, of lists and of details, and shows where it is", async (context) => {
  const page = await dressed("zh", "light");
  await page.emulateMedia({ reducedMotion: "reduce" }); // signs come at once
  await page.goto(`${world.base}/#/sign-in`);
  await page.locator("form h1").waitFor();
  const wrong = [];
  const walk = async (where) => {
    const { reached, missed, unseen } = await walked(page);
    context.diagnostic(`${where}: ${reached} reached`);
    wrong.push(...missed.map((what) => `${where}: Tab does not come to ${what}`), ...unseen.map((what) => `${where}: no sign of the focus on ${what}`));
  };
  await walk("/sign-in");
  await page.keyboard.press("Shift+Tab");
  await page.locator("input[name=username]").focus();
  await page.keyboard.type(boss.username);
  await page.keyboard.press("Tab");
  await page.keyboard.type(boss.password);
  await page.keyboard.press("Enter");
  await page.locator(".shell").waitFor();
  for (const { path, address } of await addresses(page, [`/charge-points/${place.code}`])) {
    if (!address) continue;
    await page.to(address);
    await settled(page);
    await walk(path);
  }
  assert.deepEqual(wrong, []);
  await page.context().close();
});
