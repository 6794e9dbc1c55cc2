// Somebody who is limited to one station: set up on the staff page, then what is left of the console for them.
import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { chromium } from "playwright-core";
import { shotsWanted, until, World } from "../../../tools/world.mjs";
import { settled } from "./places.mjs";
import { account, desk } from "./rig.mjs";

const world = new World(chromium);
let boss;
let page;
let token;
let stations;
const keeper = { username: "keeper-e2e", password: "" };

const ask = (method, path, body) => world.call(method, path, { body, token });

before(async () => {
  await world.start();
  const chief = await account(world, "administrator", "limits-e2e");
  token = (await world.call("POST", "/staff/sign-in", { body: chief })).token;
  stations = (await ask("GET", "/stations")).items;
  boss = await desk(world);
  await boss.enter(chief);
}, { timeout: 180_000 });
afterEach(async (context) => { if (shotsWanted && !context.passed && page) await page.screenshot({ path: `${shotsWanted}/failed.png` }); });
after(() => world.stop(), { timeout: 60_000 });

test("an administrator makes an account for one station", async () => {
  await boss.to("/staff");
  await boss.press("新增人员");
  const form = boss.locator(".el-dialog:visible");
  await form.getByPlaceholder("2 到 32 个小写字母").fill(keeper.username);
  await form.getByRole("textbox", { name: "姓名" }).fill("一站看守");
  keeper.password = await form.getByRole("textbox", { name: "密码" }).inputValue();
  await form.getByText("仅指定站点").click();
  assert.ok(await form.getByRole("button", { name: "保存" }).isDisabled(), "some stations are at least one");
  await form.locator(".el-select", { hasText: "选择站点" }).click();
  await boss.getByRole("option", { name: stations[0].name, exact: true }).click();
  await form.locator(".el-dialog__title").click();
  await until(async () => (await form.locator(".grants").first().innerText()).includes("orders.write"), "what they may is shown");
  assert.ok(!(await form.locator(".grants").first().innerText()).includes("drivers.read"), "of no station");
  await boss.shoot("staff-limited");
  await form.getByRole("button", { name: "保存" }).click();
  const row = boss.locator(".el-table__row", { hasText: keeper.username });
  await row.getByText("仅 1 个站点").waitFor();
  const made = (await ask("GET", `/staff?text=${keeper.username}`)).items[0];
  assert.deepEqual([made.role, made.station_ids], ["dispatcher", [stations[0].id]]);
}, { timeout: 60_000 });

test("they see that station, its charge points and orders, and nothing of what has no station", async () => {
  page = await desk(world);
  await page.enter(keeper);
  await page.locator(".bar").getByText("仅 1 个站点").waitFor();
  const menu = await page.locator("nav .entries").innerText();
  for (const there of ["充电站", "订单", "告警"]) assert.ok(menu.includes(there), there);
  const entries = menu.split("\n").map((entry) => entry.trim());
  assert.ok(entries.includes("电动车主机"), menu);
  for (const gone of ["车主", "后台人员", "支付单", "服务健康", "模拟桩", "操作日志"]) assert.ok(!entries.includes(gone), gone);
  await page.to("/stations");
  await page.locator(".el-table__row", { hasText: stations[0].name }).waitFor();
  assert.equal(await page.locator(".el-table__row").count(), 1);
  assert.equal(await page.getByRole("button", { name: "新建充电站" }).count(), 0);
  await page.to("/health");
  await page.says("此页涉及整个运营商");
  await page.to(`/stations/${stations[1].id}`);
  await page.says(`没有编号为 ${stations[1].id} 的充电站`);
  await page.to("/account");
  await page.says("仅 1 个站点");
  await page.shoot("account-limited");
}, { timeout: 60_000 });

test("a change counts with the next look, without signing in again", async () => {
  const { id } = (await ask("GET", `/staff?text=${keeper.username}`)).items[0];
  const both = stations.slice(0, 2).map((one) => one.id);
  assert.deepEqual((await ask("PATCH", `/staff/${id}`, { station_ids: both })).station_ids, both);
  await page.to("/stations");
  await page.press("刷新");
  await page.locator(".el-table__row", { hasText: stations[1].name }).waitFor();
  await page.reload();
  await page.locator(".bar").getByText("仅 2 个站点").waitFor();
}, { timeout: 60_000 });

test("every page that is left opens without a refusal", async () => {
  page.complaints.length = 0;
  const links = await page.locator("nav .entries a").evaluateAll((found) => found.map((link) => link.getAttribute("href").slice(1)));
  assert.ok(links.length > 12, `${links}`);
  for (const link of links) {
    await page.to(link);
    await settled(page);
    assert.equal(await page.locator(".problem").count(), 0, link);
  }
  assert.deepEqual([...page.strangers], []);
  assert.deepEqual(page.complaints, []);
}, { timeout: 120_000 });

test("the roles page tells what such people do not have", async () => {
  await boss.to("/roles");
  await boss.says("限定站点的人员没有");
  const cell = (permission, nth) => boss.locator("tbody tr", { hasText: permission }).locator("td").nth(nth);
  assert.equal((await cell("drivers.read", 1).innerText()).trim(), "✓*");
  assert.equal((await cell("orders.write", 1).innerText()).trim(), "✓");
  assert.equal((await cell("drivers.read", 0).innerText()).trim(), "✓", "administrators are never limited");
  await boss.shoot("roles-limited");
}, { timeout: 60_000 });
