// A second factor from end to end: set up with codes that are reckoned here, asked for at the next sign-in, got rid of by a recovery code.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { chromium } from "playwright-core";
import { pause, until, World } from "../../../tools/world.mjs";
import { account, desk } from "./rig.mjs";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const STEP_MS = 30_000;
const world = new World(chromium);
let boss;
let page;
let secret;
let recovery;
let lastStep = 0;

before(async () => {
  await world.start();
  boss = await account(world, "administrator", "second-e2e");
  page = await desk(world);
  await page.enter(boss);
}, { timeout: 180_000 });
after(() => world.stop(), { timeout: 60_000 });

/** The six digits a phone would show in a step (RFC 6238). */
function digits(step) {
  const bits = [...secret].map((letter) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(letter).toString(2).padStart(5, "0")).join("");
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const digest = createHmac("sha1", key).update(counter).digest();
  return String((digest.readUInt32BE(digest[19] & 15) & 0x7fffffff) % 1_000_000).padStart(6, "0");
}

/** A code that was not used yet: the platform takes one step early as well. */
async function freshCode() {
  await until(() => Math.floor(Date.now() / STEP_MS) + 1 > lastStep, "the next code", 40_000);
  lastStep = Math.max(lastStep + 1, Math.floor(Date.now() / STEP_MS));
  return digits(lastStep);
}

async function givePassword() {
  await page.goto(`${world.base}/#/sign-in`);
  await page.locator("input[name=username]").fill(boss.username);
  await page.locator("input[name=password]").fill(boss.password);
  await page.locator("button[type=submit]").click();
  await page.locator("input[name=code]").waitFor();
}

async function giveCode(code) {
  await page.locator("input[name=code]").fill(code);
  await page.locator("button[type=submit]").click();
}

/** As if signed out elsewhere: no cookie, and the page begins anew. */
async function leave() {
  await page.context().clearCookies();
  await page.goto("about:blank");
}

async function nothingSerious(where) {
  for (const dark of [false, true]) {
    await page.evaluate((on) => document.documentElement.classList.toggle("dark", on), dark);
    await pause(400);
    await page.evaluate(AXE);
    const found = await page.evaluate(() => globalThis.axe.run(document, { runOnly: ["wcag2a", "wcag2aa"], resultTypes: ["violations"] }));
    const wrong = found.violations.filter(({ impact }) => impact === "serious" || impact === "critical");
    assert.deepEqual(wrong.map(({ id, nodes }) => `${id}: ${nodes[0].target}`), [], `${where}, ${dark ? "dark" : "light"}`);
  }
  await page.evaluate(() => document.documentElement.classList.remove("dark"));
}

test("is set up with the password and a first code, and gives ten recovery codes", async () => {
  await page.to("/account");
  await page.locator("input[name=begin-password]").fill("not the password");
  await page.press("启用");
  await page.says("密码不正确");
  await page.locator("input[name=begin-password]").fill(boss.password);
  await page.press("启用");
  secret = (await page.locator("code.secret").innerText()).trim();
  assert.match(secret, /^[A-Z2-7]{32}$/);
  const qr = page.locator("img.qr");
  assert.ok(await qr.evaluate((image) => image.complete && image.naturalWidth > 100), "the QR code is a picture");
  await nothingSerious("the QR code");
  await page.shoot("account-second-factor");
  await page.locator("input[name=code]").fill(digits(1));
  await page.press("确认启用");
  await page.says("请核对手机时间");
  await page.locator("input[name=code]").fill(await freshCode());
  await page.press("确认启用");
  await page.locator(".codes li").first().waitFor();
  recovery = await page.locator(".codes li").allInnerTexts();
  assert.equal(new Set(recovery).size, 10);
  await nothingSerious("recovery codes");
  await page.press("我已保存");
  await page.says("剩余恢复码 10 个");
});

test("is asked for at the next sign-in; a used code is refused, a fresh one lets in", async () => {
  const used = digits(lastStep);
  await leave();
  await givePassword();
  await nothingSerious("the second step");
  await page.shoot("sign-in-code");
  assert.equal((await page.context().cookies()).length, 0, "no session between the steps");
  await giveCode(used);
  await page.says("每个验证码只能用一次");
  await giveCode(await freshCode());
  await page.locator(".shell").waitFor();
});

test("a recovery code lets in once", async () => {
  await leave();
  await givePassword();
  await giveCode(recovery[0]);
  await page.locator(".shell").waitFor();
  await leave();
  await givePassword();
  await giveCode(recovery[0]);
  await page.says("每个验证码只能用一次");
  await giveCode(recovery[1]);
  await page.locator(".shell").waitFor();
});

test("the sign-ins say how far each came, staff who has one, and it is turned off by both factors", async () => {
  await page.to("/sign-ins");
  await page.says("密码正确，待验证码");
  await page.to("/staff");
  await page.getByRole("heading", { name: "后台人员" }).waitFor();
  const row = page.locator(".el-table__row").filter({ hasText: boss.username });
  await row.first().waitFor();
  assert.ok((await row.first().innerText()).includes("已启用"));
  await page.to("/account");
  await page.says("剩余恢复码 8 个");
  await page.press("停用");
  await page.locator("input[name=removal-password]").fill(boss.password);
  await page.locator("input[name=removal-code]").fill(recovery[2]);
  await page.press("停用");
  await page.says("未启用");
  await leave();
  await page.enter(boss);
  assert.deepEqual([...page.strangers], []);
});
