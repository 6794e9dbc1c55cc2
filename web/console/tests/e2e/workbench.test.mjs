// The first page of the day and the screen on the wall, against the real platform.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { chromium } from "playwright-core";
import { pause, until, World } from "../../../tools/world.mjs";
import { account, desk } from "./rig.mjs";

const world = new World(chromium);
let boss;
let page;
let token;

const orders = [];
const ask = (path) => world.call("GET", path, { token });
const post = (path, body, key) => world.call("POST", path, { body, token, key });
/** At the top of the page again, as whoever comes to it. */
const top = () => page.evaluate(() => (document.getElementById("main").scrollTop = 0));
const number = async (locator) => Number((await locator.innerText()).replace(/[^\d.]/g, ""));

before(async () => {
  await world.start();
  boss = await account(world, "administrator", "morning-e2e");
  token = (await world.call("POST", "/staff/sign-in", { body: boss })).token;
  page = await desk(world);
  // A morning's work: three charges, of which one is over and paid.
  const busy = [];
  for (const number of [1, 2, 3]) {
    const driver = await post("/drivers", { name: `早班车主 ${number}` });
    await post(`/drivers/${driver.id}/top-ups`, { amount_fen: 20_000, reason: "end to end" }, `top-up-bench-${number}`);
    const place = await world.plugged(busy);
    busy.push(`${place.code}/${place.no}`);
    orders.push(...(await post(`/drivers/${driver.id}/orders`, { charge_point_code: place.code, connector_no: place.no }, `order-bench-${number}`)).orders);
  }
  const flows = async ({ session_no: no }) => (await ask(`/sessions/${no}`)).energy_mwh > 400_000;
  await until(async () => (await Promise.all(orders.map(flows))).every(Boolean), "energy at three connectors", 150_000, 1000);
  await post(`/orders/${orders[0].order_no}/stop`, {});
  await until(async () => (await ask(`/orders/${orders[0].order_no}`)).state === "settled", "a settled order", 120_000, 1000);
}, { timeout: 500_000 });
after(() => world.stop(), { timeout: 60_000 });

test("whoever may see figures begins at the workbench, and it says what the platform says", async () => {
  await page.enter(boss);
  await page.waitForURL((url) => url.hash === "#/workbench");
  const cards = page.locator(".figure");
  await cards.first().waitFor();
  assert.equal(await cards.count(), 5);
  await until(async () => {
    const told = await ask("/statistics/workbench");
    const shown = await Promise.all([0, 2, 3].map((index) => number(cards.nth(index).locator(".value b"))));
    return shown[0].toFixed(2) === (told.today.energy_mwh / 1e6).toFixed(2) && shown[1] === told.today.orders && shown[2] === told.today.active_drivers;
  }, "the same figures", 70_000, 1000);
  const told = await ask("/statistics/workbench");
  assert.ok(told.today.orders >= 1, "the charge that is over");
  assert.ok(told.live.charging >= 2, `${told.live.charging} of two charges`);
  const states = await page.locator("main ul li b").allInnerTexts();
  assert.ok(states.includes(String(told.live.connectors.available)), states.join());
});

test("each thing to do leads to the list of it", async () => {
  await page.to("/workbench");
  await page.locator("main li a", { hasText: "离线的枪" }).click();
  await page.waitForURL((url) => url.hash === "#/wall?state=offline");
  await page.to("/workbench");
  await page.locator("main li a", { hasText: "警告" }).click();
  await page.waitForURL((url) => url.hash === "#/alarms?state=open&level=warning");
  await page.locator(".data-table").waitFor();
});

test("trend and ranking are drawn for the days and by the measure that are chosen", async () => {
  await page.to("/workbench");
  const asked = page.waitForResponse((answer) => answer.url().includes("/statistics/trend?days=30"));
  const trend = page.locator("main > .page > section", { hasText: "趋势" });
  await trend.getByText("近 30 天").click();
  assert.equal((await (await asked).json()).days.length, 30);
  const ranked = page.waitForResponse((answer) => /\/statistics\/ranking\?.*by=revenue/.test(answer.url()));
  await page.locator("main > .page > section", { hasText: "场站排行" }).getByText("收入").first().click();
  const { top } = await (await ranked).json();
  await page.locator("main ol li a", { hasText: top[0].name }).first().waitFor();
});

test("both pages open in both languages, light and dark, without a complaint", async () => {
  for (const [language, other] of [["zh", "English"], ["en", "中文"]]) {
    await page.to("/workbench");
    await page.locator(".figure").first().waitFor();
    await pause(1500);
    const words = await page.locator("body").innerText();
    assert.doesNotMatch(words, /\b(workbench|app|stations|alarms)\.[a-z]+/i, language);
    await top();
    await page.shoot(`workbench-${language}`);
    await page.to("/wall-screen");
    await page.locator(".screen .huge").waitFor();
    await pause(2500);
    assert.doesNotMatch(await page.locator("body").innerText(), /\b(workbench|alarms|stations)\.[a-z]+/i);
    await page.shoot(`wall-screen-${language}`);
    await page.keyboard.press("Escape");
    await page.locator(".shell").waitFor();
    await page.getByRole("button", { name: other }).click();
  }
  await page.getByRole("button", { name: "切换深色、浅色" }).click();
  await page.to("/workbench");
  await page.locator(".figure").first().waitFor();
  await pause(1500);
  await top();
  await page.shoot("workbench-dark");
  await page.getByRole("button", { name: "切换深色、浅色" }).click();
  assert.deepEqual(page.complaints, []);
});

test("the wall screen fills the screen, is large enough for five metres, keeps itself fresh, and Esc leaves it", async () => {
  await page.setViewportSize({ width: 1920, height: 1080 });
  await page.to("/workbench");
  await page.locator(".page-head a", { hasText: "监控大屏" }).click();
  await page.locator(".screen .huge").waitFor();
  assert.equal(await page.locator(".nav").count(), 0);
  assert.ok(await page.evaluate(() => document.documentElement.classList.contains("dark")), "dark whatever is set");
  // Found and measured in one step: the screen is drawn anew meanwhile, and a part that has left the page has no size.
  const sizes = await page.evaluate(() => [...document.querySelectorAll(".screen b, .screen li, .screen h2, .screen p")].map((part) => parseFloat(getComputedStyle(part).fontSize)));
  assert.ok(sizes.length > 10, `${sizes.length} parts with text`);
  assert.ok(Math.min(...sizes) >= 22, `${Math.min(...sizes)} px on a screen of 1080 lines`);
  assert.ok(await page.evaluate(() => document.documentElement.scrollHeight <= innerHeight && document.querySelector("main").scrollHeight <= innerHeight + 1), "nothing to scroll");
  let polls = 0;
  page.on("request", (request) => (polls += request.url().includes("/statistics/workbench") ? 1 : 0));
  await until(() => polls >= 2, "figures that are asked for again by themselves", 45_000);
  await page.keyboard.press("Escape");
  await page.waitForURL((url) => url.hash === "#/workbench");
  assert.ok(!(await page.evaluate(() => document.documentElement.classList.contains("dark"))), "as light as before");
  await page.setViewportSize({ width: 1440, height: 900 });
});

test("who may not see figures begins at the station wall, and is told so at the workbench", async () => {
  const fitter = await desk(world);
  await fitter.enter(await account(world, "maintenance", "fitter-e2e"));
  await fitter.waitForURL((url) => url.hash === "#/wall");
  assert.equal(await fitter.locator(".nav a", { hasText: "总览" }).count(), 0);
  for (const path of ["/workbench", "/wall-screen"]) {
    await fitter.to(path);
    await fitter.says(/statistics\.read/);
  }
  assert.deepEqual(fitter.complaints, []);
  await fitter.context().close();
});

test("nothing was asked of strangers, and the browser had nothing to complain about", () => {
  assert.deepEqual([...page.strangers], []);
  assert.deepEqual(page.complaints, []);
});
