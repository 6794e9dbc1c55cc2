// Every page dark, in English, with large text: nothing sticks out, and nothing is too pale to be read.
import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { chromium } from "playwright-core";
import { pause, shotsWanted, until, World } from "../../../tools/world.mjs";
import { phone } from "./rig.mjs";

const world = new World(chromium);
let page;
let place;
let orderNo;
let feedbackId;

before(async () => {
  await world.start();
  page = await phone(world);
}, { timeout: 120_000 });
afterEach(async (context) => {
  if (shotsWanted && !context.passed) await page.screenshot({ path: `${shotsWanted}/failed-${context.name.slice(0, 20)}.png` });
});
after(() => world.stop(), { timeout: 60_000 });

/** What sticks out of the screen, and text whose contrast with what is behind it is below 4.5 (3 for large text). */
function flaws() {
  const wide = innerWidth;
  const parsed = (text) => (text.match(/[\d.]+/g) ?? []).map(Number);
  const luminance = ([r, g, b]) => {
    const part = (value) => (value / 255 <= 0.03928 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4);
    return 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
  };
  const behind = (node) => {
    for (let at = node; at; at = at.parentElement) {
      const style = getComputedStyle(at);
      if (style.backgroundImage.includes("gradient")) return null;
      const [r, g, b, a = 1] = parsed(style.backgroundColor);
      if (a > 0.9) return [r, g, b];
      if (a > 0) return null;
    }
    return [255, 255, 255];
  };
  const found = [];
  if (document.documentElement.scrollWidth > wide + 1) found.push(`the page is ${document.documentElement.scrollWidth} wide`);
  const body = [...document.querySelectorAll("uni-page-body")].pop();
  for (const node of body.querySelectorAll("*")) {
    const own = [...node.childNodes].some((child) => child.nodeType === 3 && child.textContent.trim());
    const box = node.getBoundingClientRect();
    if (!own || box.width === 0 || box.height === 0 || node.closest("[disabled], .off, .grey, uni-picker, .leaflet-container, uni-map")) continue;
    const words = node.textContent.trim().slice(0, 30);
    if (box.right > wide + 1 || box.left < -1) found.push(`"${words}" sticks out: ${Math.round(box.left)}…${Math.round(box.right)}`);
    const style = getComputedStyle(node);
    const back = behind(node);
    if (!back || style.visibility === "hidden" || Number(style.opacity) < 1) continue;
    const [high, low] = [luminance(parsed(style.color)), luminance(back)].sort((a, b) => b - a);
    const large = parseFloat(style.fontSize) >= 24 || (parseFloat(style.fontSize) >= 18.66 && Number(style.fontWeight) >= 600);
    const contrast = (high + 0.05) / (low + 0.05);
    if (contrast < (large ? 3 : 4.5)) found.push(`"${words}" has a contrast of ${contrast.toFixed(1)}`);
  }
  return found;
}

test("a driver with a charge behind them, in the dark, in English, with large text", async () => {
  await page.to("signin/signin");
  await page.locator(".tick").click();
  await page.press("以演示车主体验");
  await until(async () => (await page.evaluate(() => localStorage.getItem("session"))) !== null, "a session on the phone");
  await page.to("settings/settings");
  await page.locator(".chip", { hasText: "English" }).click();
  await page.says("Appearance");
  await page.locator(".chip", { hasText: "Dark" }).click();
  await page.locator("uni-switch").click();
  place = await world.plugged();
  const mine = await page.token();
  const body = { charge_point_code: place.code, connector_no: place.no, limit: { kind: "none", value: 0 } };
  orderNo = (await world.call("POST", "/orders", { token: mine, key: "a-charge-to-look-at", body })).orders[0].order_no;
  await page.to(`charging/charging?order=${orderNo}`);
  await page.says("set aside");
  assert.deepEqual(await page.evaluate(flaws), [], "while it starts");
  await page.says("Charging", 100_000);
  await pause(6000);
  await page.shoot("charging-dark-large-english");
  assert.deepEqual(await page.evaluate(flaws), [], "while it charges");
  await world.call("POST", `/orders/${orderNo}/stop`, { token: mine, body: {} });
  await until(async () => (await world.call("GET", `/orders/${orderNo}`, { token: mine })).state === "settled", "a bill", 120_000, 1000);
  const told = { kind: "dispute", order_no: orderNo, text: "The service fee is higher than what the page said." };
  feedbackId = (await world.call("POST", "/driver/feedback", { token: mine, key: "a-question-of-a-bill", body: told })).id;
  const staff = await world.staff();
  await world.call("POST", `/feedback/${feedbackId}/replies`, { token: staff, body: { text: "We looked: it is the price of the time you charged at." } });
});

test("every page can be read, and nothing sticks out", async () => {
  const wrong = {};
  const shown = new Set(["home", "connector", "order", "wallet", "answer"]);
  const pages = {
    home: "home/home", me: "home/home?pane=me", station: `station/station?id=${place.station.id}`, number: "number/number",
    connector: `connector/connector?code=${place.code}&no=${place.no}`, charging: `charging/charging?order=${orderNo}`, orders: "orders/orders",
    order: `order/order?no=${orderNo}`, wallet: "wallet/wallet", topup: "topup/topup", refund: "refund/refund", journal: "journal/journal", cards: "cards/cards",
    vehicles: "vehicles/vehicles", feedbacks: "feedbacks/feedbacks", feedback: `feedback/feedback?kind=fault&code=${place.code}&no=1`,
    answer: `answer/answer?id=${feedbackId}`, settings: "settings/settings", legal: "legal/legal", signin: "signin/signin",
    prepay: `prepay/prepay?code=${place.code}&no=1&kind=none&value=0&fen=5000&payment=P0000000000000000000000`,
  };
  for (const [name, path] of Object.entries(pages)) {
    await page.to(path);
    await page.locator(".screen.dark.large").last().waitFor();
    await pause(1200);
    const found = await page.evaluate(flaws);
    if (found.length) wrong[name] = found;
    if (shown.has(name)) await page.shoot(`${name}-dark-large-english`);
    else if (process.env.LOOKS) await page.screenshot({ path: `${process.env.LOOKS}/${name}.png`, scale: "css", fullPage: false });
  }
  assert.deepEqual(wrong, {});
});
