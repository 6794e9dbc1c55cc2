// One charge paid in advance: cancelled, paid and charged with the rest sent back, paid for a connector that somebody took meanwhile.
import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { chromium } from "playwright-core";
import { pause, shotsWanted, until, World } from "../../../tools/world.mjs";
import { phone } from "./rig.mjs";

const world = new World(chromium);
let page;
let place;
let orderNo;

const mine = async (path) => world.call("GET", path, { token: await page.token() });
const home = (url) => url.port === String(world.wire.port);

before(async () => {
  await world.start();
  page = await phone(world);
}, { timeout: 120_000 });
afterEach(async (context) => {
  if (shotsWanted && !context.passed) await page.screenshot({ path: `${shotsWanted}/failed-${context.name.slice(0, 20)}.png` });
});
after(() => world.stop(), { timeout: 60_000 });

async function toCashier(yuan) {
  await page.to(`connector/connector?code=${place.code}&no=${place.no}`);
  await page.says("怎么付");
  await page.locator(".chip", { hasText: "先付这一次" }).click();
  await page.locator(".chip", { hasText: `${yuan} 元` }).last().click();
  await until(async () => (await page.button(`付 ${yuan}.00 元并充电`).getAttribute("disabled")) === null, "the button is on");
}

test("signs in, with nothing in the wallet", async () => {
  await page.signIn("张先付");
  await world.control("people", { name: "张先付", balance_fen: 50_000 });
  place = await world.plugged();
});

test("a payment that is cancelled takes nothing and starts nothing", async () => {
  await toCashier(50);
  await page.locator("uni-input:visible").last().scrollIntoViewIfNeeded();
  await page.shoot("prepay-connector");
  await page.press("付 50.00 元并充电");
  await page.waitForURL((url) => url.pathname === "/cashier");
  await page.locator("button[data-press=cancel]:enabled").click();
  await page.waitForURL(home);
  await page.says("已取消，没有付款", 30_000);
  await page.says("充电没有启动");
  await page.shoot("prepay-cancelled");
  assert.deepEqual((await mine("/orders")).items, []);
  assert.equal((await mine("/wallet")).available_fen, 0);
});

test("what is paid starts the charge by itself, also when the page is loaded anew", async () => {
  await page.press("再试一次");
  await page.waitForURL((url) => url.pathname === "/cashier");
  await page.locator("button.pay:enabled").click();
  await page.waitForURL(home);
  await page.says("下单，预付 50.00 元", 30_000);
  orderNo = new URL(page.url().replace("/#/", "/")).searchParams.get("order");
  const order = await mine(`/orders/${orderNo}`);
  assert.equal(order.hold_fen, 5000);
  const back = `code=${place.code}&no=${place.no}&kind=none&value=0&fen=5000&payment=${order.payment_no}`;
  await page.to(`prepay/prepay?${back}`);
  await page.waitForURL((url) => url.href.includes(`order=${orderNo}`), { timeout: 30_000 });
  assert.equal((await mine("/orders")).items.length, 1, "the same charge, not another");
  await page.says("充电中", 100_000);
  await until(async () => (await mine(`/sessions/${order.session_no}`)).energy_mwh > 0, "energy that flows", 90_000, 1000);
});

test("the bill says what went back the way it came", async () => {
  await page.press("停止充电");
  await page.locator("uni-modal .uni-modal__btn_primary").click();
  await page.says("已完成", 120_000);
  await until(async () => {
    const { payment_no } = await mine(`/orders/${orderNo}`);
    const { returned_fen, refunded_fen } = await mine(`/driver/payments/${payment_no}`);
    return returned_fen > 0 && refunded_fen === returned_fen;
  }, "the rest has arrived", 60_000);
  await page.press("查看账单");
  await page.says("剩余已原路退回");
  await pause(4500); // the notice goes
  await page.shoot("prepay-order");
  const order = await mine(`/orders/${orderNo}`);
  const shown = await page.words();
  assert.ok(shown.includes("先付 50.00 元") && shown.includes(((5000 - order.total_fen) / 100).toFixed(2)), shown);
  assert.equal((await mine("/wallet")).cash_fen, 0, "nothing stays in the wallet");
  const refunds = await world.control("refunds");
  assert.equal(refunds.reduce((sum, one) => sum + one.amount.refund, 0), 5000 - order.total_fen, "WeChat was told the same");
});

test("when somebody was faster, it says why and that the money goes back", async () => {
  place = await world.plugged([`${place.code}/${place.no}`]);
  const { token: other } = await world.call("POST", "/demo/visitors", { body: {} });
  await toCashier(30);
  await page.press("付 30.00 元并充电");
  await page.waitForURL((url) => url.pathname === "/cashier");
  await world.call("POST", "/orders", { token: other, key: "somebody-was-faster", body: { charge_point_code: place.code, connector_no: place.no, limit: { kind: "none", value: 0 } } });
  await page.locator("button.pay:enabled").click();
  await page.waitForURL(home);
  await page.says("已付款，充电没有启动", 30_000);
  await page.says("自动原路退回");
  await page.shoot("prepay-refused");
  const [payment] = (await mine("/driver/payments")).items;
  assert.deepEqual([payment.purpose, payment.state, payment.order_no], ["prepayment", "paid", null]);
  assert.equal((await mine("/wallet")).available_fen, 0, "it is held for its charge, and for no other");
});

test("a payment that nobody can confirm yet is not asked for again, and starts its charge once it is known", async () => {
  place = await world.plugged([`${place.code}/${place.no}`]);
  await toCashier(100);
  await page.press("付 100.00 元并充电");
  await page.waitForURL((url) => url.pathname === "/cashier");
  // The notice is on its way for an hour, and WeChat does not answer either.
  await world.control("world", { speed: 1 });
  await world.control("faults", { at: "notice", kind: "delay", seconds: 3600 });
  await world.control("faults", { at: "call", kind: "500", path: "out-trade-no", times: 10_000 });
  await page.locator("button.pay:enabled").click();
  await page.waitForURL(home);
  await page.says("支付确认中", 30_000);
  assert.equal(await page.button("再试一次").count(), 0, "nobody is asked to pay while it is looked for");
  await page.says("还没有查到付款结果", 180_000);
  await page.says("请不要重复支付");
  assert.equal(await page.button("再试一次").count(), 0, "nor afterwards");
  assert.notEqual((await mine("/driver/payments")).items[0].state, "paid", "the platform does not know either");
  await fetch(`${world.wechat}/control/faults`, { method: "DELETE" });
  await page.press("再查一次");
  await page.waitForURL((url) => /[?&]order=/.test(url.href), { timeout: 60_000 });
  await world.control("world", { speed: 100 });
  const [payment, ...others] = (await mine("/driver/payments")).items;
  assert.deepEqual([payment.amount_fen, payment.state, others.filter((one) => one.amount_fen === 10_000).length], [10_000, "paid", 0]);
  assert.equal(new URL(page.url().replace("/#/", "/")).searchParams.get("order"), payment.order_no);
});

test("nothing was asked of strangers, and the browser had nothing to complain about", () => {
  assert.deepEqual([...page.strangers], []);
  assert.deepEqual(page.complaints, []);
});
