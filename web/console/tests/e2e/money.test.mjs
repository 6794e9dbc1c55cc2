// Orders and money in a real browser: an abnormal order takes two people, and the driver's wallet shows what came of it.
import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { chromium } from "playwright-core";
import { pause, shotsWanted, until, World } from "../../../tools/world.mjs";
import { account, desk } from "./rig.mjs";

/** One person alone may give away ten fen: the charges here are short. */
const LIMIT_FEN = 10;

const world = new World(chromium);
let token;
let page;
let second;
let driver;
let settled;
let disputed;
let payment;

const ask = (method, path, body, more = {}) => world.call(method, path, { body, token, ...more });
const order = (no) => ask("GET", `/orders/${no}`);

/** A charge that people close before its record came; what the record says comes later. */
async function closedEarly(not, key) {
  const place = await world.plugged(not);
  const body = { charge_point_code: place.code, connector_no: place.no };
  const [{ order_no: no }] = (await ask("POST", `/drivers/${driver.id}/orders`, body, { key })).orders;
  await until(async () => {
    const found = await order(no);
    return (await ask("GET", `/sessions/${found.session_no}`)).energy_mwh > 300_000;
  }, "energy that flows", 150_000, 1000);
  await ask("POST", `/orders/${no}/closing`, { reason: "记录迟迟未到" });
  await until(async () => (await order(no)).settled_at, "a settlement by the last sample", 20_000);
  return { no, place: `${place.code}/${place.no}` };
}

before(async () => {
  await world.start({ CHARGECLOUD_ORDERS__APPROVAL_LIMIT_FEN: String(LIMIT_FEN) });
  const boss = await account(world, "administrator", "chief-e2e");
  token = (await world.call("POST", "/staff/sign-in", { body: boss })).token;
  page = await desk(world);
  second = await desk(world);
  await page.enter(await account(world, "finance", "anna-e2e"));
  await second.enter(await account(world, "finance", "bert-e2e"));

  // A driver who pays with WeChat, and gets a part of it back.
  await world.control("people", { name: "付费车主", balance_fen: 100_000 });
  const { code } = await world.control("people/付费车主/codes", {});
  const guest = await world.call("POST", "/driver/sign-in", { body: { code, device_id: "browser-e2e-1" } });
  driver = { id: guest.driver_id, token: guest.token };
  const asked = { body: { channel: "wechat", amount_fen: 10_000 }, token: driver.token, key: "pay-money-e2e-1" };
  payment = (await world.call("POST", "/driver/payments", asked)).payment_no;
  await world.control(`orders/${payment}/pay`, {});
  await until(async () => (await ask("GET", `/payments/${payment}`)).state === "paid", "a payment", 30_000);

  const first = await closedEarly([], "order-money-e2e-1");
  settled = first.no;
  await until(async () => (await order(settled)).flags.includes("late_record"), "the record that came late", 150_000, 1000);
  const other = await closedEarly([first.place], "order-money-e2e-2");
  disputed = other.no;
  await ask("POST", `/orders/${disputed}/refunds`, { amount_fen: 3, reason: "先行补偿" });
  await until(async () => (await order(disputed)).state === "disputed", "a record that contradicts a refund", 150_000, 1000);
}, { timeout: 600_000 });
afterEach(async (context) => {
  if (shotsWanted && !context.passed) await page.screenshot({ path: `${shotsWanted}/failed-${context.name.slice(0, 20)}.png` });
});
after(() => world.stop(), { timeout: 60_000 });

test("an order is found by its number, its station, its anomaly, and how it ended", async () => {
  const found = await order(settled);
  for (const query of [`number=${settled}`, `station_id=${found.station_id}&flag=estimated`, `driver_id=${driver.id}&stop_class=${found.stop_class}`, `charge_point_code=${found.charge_point_code}&method=app&state=settled`]) {
    await page.to(`/orders?${query}`);
    await page.locator(".el-table__row", { hasText: settled }).waitFor();
  }
  await page.to("/orders?state=cancelled_no_energy&driver_id=999999");
  await page.says("没有符合条件的记录");
  await page.to("/workbench");
  await page.keyboard.press("Control+k");
  await page.locator(".palette input").fill(settled);
  await page.locator(".palette .hit", { hasText: settled }).click();
  await page.waitForURL((url) => url.hash === `#/orders/${settled}`);
});

test("the detail shows bill and record side by side, the time line, and leads to the frames of that time", async () => {
  await page.to(`/orders/${settled}`);
  const found = await order(settled);
  await page.locator(".el-table__row", { hasText: /尖|峰|平|谷/ }).first().waitFor();
  await page.locator("dd b", { hasText: (found.total_fen / 100).toFixed(2) }).first().waitFor();
  for (const words of ["下单，冻结金额", "桩开始充电", "收到交易记录", "不再等待记录"]) await page.locator(".line li", { hasText: words }).first().waitFor();
  await page.locator("a", { hasText: "这笔订单的报文" }).click();
  await page.locator(".frames .line").first().waitFor();
  assert.match(page.url(), /tab=frames&from=.*&to=/);
  const stamps = (await ask("GET", `/charge-points/${found.charge_point_code}/frames?limit=1&until=${encodeURIComponent(found.placed_at)}`)).items;
  assert.ok(stamps.every((frame) => frame.at <= found.placed_at), "frames before a moment");
  const seen = await page.locator(".frames .line .name").allInnerTexts();
  assert.ok(seen.some((name) => /transaction|record|trade/i.test(name)), `the record is among them: ${seen.slice(0, 40)}`);
});

async function decide(who, no, button, fill) {
  await who.to(`/orders/${no}`);
  await who.getByRole("button", { name: button, exact: true }).first().click();
  if (fill) await who.locator(".el-dialog input[name=amount]").fill(fill);
  await who.locator(".el-dialog textarea").fill("车主投诉，核实后处理");
}

test("a refund above the limit waits: whoever asked is refused, a second person approves, and the wallet shows it", async () => {
  const before = await order(settled);
  const amount = before.total_fen - 1;
  assert.ok(amount > LIMIT_FEN, `${before.total_fen} fen`);
  await decide(page, settled, "退款", (amount / 100).toFixed(2));
  await page.shoot("orders-one-refund");
  await page.locator(".el-dialog__footer .el-button--primary:visible").click();
  await page.says(/已提交审批申请 \d+/);
  await page.says(/等待审批/);
  assert.equal((await order(settled)).total_fen, before.total_fen, "nothing was done yet");
  assert.ok(await page.getByRole("button", { name: "审批通过" }).isDisabled(), "not one's own");
  const [{ id }] = (await ask("GET", `/approvals?about=order:${settled}&state=waiting`)).items;
  const refused = await page.evaluate(async (number) => {
    const answer = await fetch(`/api/v1/approvals/${number}/approve`, { method: "POST", headers: { "Content-Type": "application/json" }, body: "{}" });
    return [answer.status, (await answer.json()).code];
  }, id);
  assert.deepEqual(refused, [403, "approval_by_requester"]);
  await second.to("/workbench");
  await second.locator("main li a", { hasText: "待审批的申请" }).click();
  const row = second.locator(".el-table__row", { hasText: settled });
  await row.waitFor();
  await second.shoot("approvals-waiting");
  await row.getByRole("button", { name: "审批通过" }).click();
  await second.locator(".el-message-box .el-button--primary").click();
  await second.says("已通过并执行");
  const after = await order(settled);
  assert.equal(after.total_fen, 1);
  await page.to(`/wallets?driver=${driver.id}`);
  await page.locator(".el-table__row", { hasText: "订单更正" }).filter({ hasText: `+${(amount / 100).toFixed(2)}` }).waitFor();
  const mine = await world.call("GET", `/orders/${settled}`, { token: driver.token });
  assert.equal(mine.total_fen, 1, "the driver's bill");
});

test("a disputed order stands under its kind, and is waived by two", async () => {
  await page.to("/orders/abnormal");
  await page.locator(".chips button", { hasText: "迟到的记录" }).click();
  await page.locator(".el-table__row", { hasText: disputed }).waitFor();
  await page.shoot("orders-abnormal-kind");
  await page.locator(".el-table__row a", { hasText: disputed }).click();
  await page.says("按记录重新结算");
  await page.shoot("orders-one-disputed");
  await decide(page, disputed, "免单");
  await page.locator(".el-dialog__footer .el-button--danger:visible").click();
  await page.says(/等待审批/);
  await second.to(`/orders/${disputed}`);
  await second.getByRole("button", { name: "审批通过" }).click();
  await second.locator(".el-message-box .el-button--primary").click();
  await second.says("已免单关闭");
  assert.equal((await order(disputed)).total_fen, 0);
  await page.to(`/orders/abnormal?flag=refunded&past=1`);
  await page.locator(".el-table__row", { hasText: settled }).waitFor();
});

test("a payment is looked up, asked about, and gives back a part the way it came", async () => {
  await page.to(`/payments?driver_id=${driver.id}`);
  await page.locator(".el-table__row a", { hasText: payment }).click();
  await page.press("立即查询");
  await page.says("已向渠道查询");
  await page.getByRole("button", { name: "退款", exact: true }).first().click();
  await page.locator(".el-dialog input[name=refund-amount]").fill("20.00");
  await page.locator(".el-dialog input[name=refund-reason]").fill("车主要求");
  await page.locator(".el-dialog__footer .el-button--primary:visible").click();
  await page.says("已发起退款");
  await until(async () => (await ask("GET", `/payments/${payment}`)).refunded_fen === 2000, "money that arrived", 90_000, 1000);
  await page.to(`/refunds?driver_id=${driver.id}`);
  await page.locator(".el-table__row", { hasText: "20.00" }).first().waitFor();
  await page.to("/payment-notices");
  await page.locator(".el-table__row", { hasText: payment }).first().waitFor();
});

/** A payment of its own, of which a part is on its way back and gets nowhere; their numbers. */
async function strayed(amountFen) {
  const asked = { body: { channel: "wechat", amount_fen: 1_000 }, token: driver.token, key: `pay-money-e2e-${amountFen}` };
  const { payment_no: payment } = await world.call("POST", "/driver/payments", asked);
  await world.control(`orders/${payment}/pay`, {});
  await until(async () => (await ask("GET", `/payments/${payment}`)).state === "paid", "a payment", 30_000);
  await world.control("world", { refund_after_s: "never" });
  const [{ part_no: no }] = (await ask("POST", `/payments/${payment}/refunds`, { amount_fen: amountFen, reason: "银行卡已注销" }, { key: `stray-${amountFen}` })).parts;
  await until(async () => {
    const said = await world.control(`refunds/${no}/end`, { state: "ABNORMAL" });
    if (said.status !== "ABNORMAL") throw new Error(JSON.stringify(said));
    return true;
  }, "a refund that did not arrive", 30_000, 500);
  await world.control("world", { refund_after_s: 3 });
  return { payment, no };
}

test("refunds that did not arrive are decided: one goes back to the wallet, one was paid out by hand", async () => {
  for (const [amountFen, how, ends] of [[300, "退回钱包", "closed"], [200, "已线下退款", "handled"]]) {
    const { payment: paid, no } = await strayed(amountFen);
    const part = async () => (await ask("GET", `/payments/${paid}`)).refunds.flatMap((one) => one.parts).find((one) => one.part_no === no);
    await until(async () => (await part()).state === "abnormal", "what the platform knows of it", 60_000, 500);
    const spendable = (await ask("GET", `/drivers/${driver.id}/wallet`)).available_fen;
    await page.to(`/refunds?driver_id=${driver.id}`);
    await page.press("刷新");
    await page.locator(".el-table__row", { hasText: (amountFen / 100).toFixed(2) }).first().getByRole("button", { name: "处理" }).click();
    await page.locator(".el-dialog:visible .el-table__row", { hasText: no }).getByRole("button", { name: "处理" }).click();
    await page.locator(".el-message-box:visible").getByRole("button", { name: how, exact: true }).click();
    await page.locator(".el-message-box:visible textarea").fill("与车主电话确认");
    await page.press("确定");
    await page.says("已处理");
    await until(async () => (await part()).state === ends, ends, 20_000);
    const now = (await ask("GET", `/drivers/${driver.id}/wallet`)).available_fen;
    assert.equal(now - spendable, ends === "closed" ? amountFen : 0, "what is back in the wallet");
  }
});

test("a day is compared by hand and signed, and stays as it is", async () => {
  await world.control("world", { bills_at_once: true });
  await page.to("/reconciliation");
  const day = await page.getByRole("textbox", { name: "日期" }).inputValue();
  await page.press("对这一天");
  const row = page.locator(".el-table__row", { hasText: day });
  await row.getByText("一致").waitFor();
  await row.getByRole("button", { name: "签核" }).click();
  await page.locator(".el-message-box:visible textarea").fill("已核对");
  await page.locator(".el-message-box:visible").getByRole("button", { name: "签核" }).click();
  await row.getByText("已签核").waitFor();
  await row.getByText("anna-e2e").waitFor();
  const { items } = await ask("GET", "/reconciliation/days");
  assert.deepEqual(items.filter((one) => one.day === day).map((one) => [one.note, Boolean(one.signed_at)]), [["已核对", true]]);
  const again = await ask("POST", `/reconciliation/days/wechat/${day}/run`, {}).catch(String);
  assert.match(again, /day_signed/);
});

const PAGES = () => [
  "/orders", `/orders/${settled}`, `/orders/${settled}?tab=curve`, `/orders/${settled}?tab=records`, "/orders/abnormal?flag=refunded&past=1", "/approvals?state=approved", "/payments",
  `/payments/${payment}`, "/refunds", `/wallets?driver=${driver.id}`, "/reconciliation", "/payment-cases", "/payment-notices",
];
const nameOf = (path) => path.replace(/^\//, "").replace(/\/P?\d{10,}/, "-one").replace(/\?tab=/, "-").replace(/\?.*/, "").replaceAll("/", "-");

test("every page opens in both languages, light and dark, without a complaint and without an untranslated word", async () => {
  for (const [language, other] of [["zh", "English"], ["en", "中文"]]) {
    for (const path of PAGES()) {
      await page.to(path);
      await page.locator("#main .page").first().waitFor();
      await until(async () => (await page.locator(".el-loading-mask:visible").count()) === 0, `${path} has loaded`);
      await pause(600);
      const words = await page.locator("body").innerText();
      assert.doesNotMatch(words, /\b(app|orders|payments|wallet|sessions|stations)\.[a-z]+\.?[a-zA-Z.]*\b/, `${language} ${path}: a key instead of a text`);
      assert.equal(await page.locator("#main .problem").count(), 0, `${language} ${path}: ${words.slice(0, 2000)}`);
      if (language === "zh" || !path.includes("?tab")) await page.shoot(`${nameOf(path)}-${language}`);
    }
    await page.getByRole("button", { name: other }).click();
  }
  await page.getByRole("button", { name: "切换深色、浅色" }).click();
  for (const path of ["/orders", `/orders/${settled}`, `/payments/${payment}`]) {
    await page.to(path);
    await page.locator("#main .page").first().waitFor();
    await pause(1500);
    await page.shoot(`${nameOf(path)}-dark`);
  }
  await page.getByRole("button", { name: "切换深色、浅色" }).click();
  assert.deepEqual(page.complaints, []);
});

test("who may only read sees no button that writes, and the platform refuses it too", async () => {
  const visitor = await desk(world);
  await visitor.enter({ username: "demo", password: "demo123" });
  for (const path of PAGES()) {
    await visitor.to(path);
    await visitor.locator("#main .page").first().waitFor();
    await pause(700);
    for (const word of ["退款", "免单", "维持已扣", "按记录重新结算", "不再等待记录", "审批通过", "驳回", "立即查询", "签核", "对这一天", "处理完毕"]) {
      assert.equal(await visitor.locator("#main").getByRole("button", { name: word, exact: true }).count(), 0, `${path}: ${word}`);
    }
  }
  const status = await visitor.evaluate(async (no) => (await fetch(`/api/v1/orders/${no}/refunds`, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ amount_fen: 1, reason: "x" }) })).status, settled);
  assert.equal(status, 403);
  assert.deepEqual(visitor.complaints, []);
  await visitor.context().close();
});

test("nothing was asked of strangers, and the browsers had nothing to complain about", () => {
  assert.deepEqual([...page.strangers, ...second.strangers], []);
  assert.deepEqual([...page.complaints, ...second.complaints], []);
});
