// A driver's whole way through the web app, in a real browser against the real platform, its virtual charge points, and a WeChat of one's own.
import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { chromium } from "playwright-core";
import { pause, shotsWanted, until, World } from "../../../tools/world.mjs";
import { phone } from "./rig.mjs";

const world = new World(chromium);
let page;
let place;

const mine = async (path) => world.call("GET", path, { token: await page.token() });
const figures = async () => (await page.words()).match(/(\d+\.\d\d)\s+(\d+\.\d\d)\s*电量|(\d+\.\d\d)\s*电量/) && Number((await page.words()).match(/(\d+\.\d\d)\s*\n?\s*电量/)[1]);

before(async () => {
  await world.start();
  await until(async () => (await world.call("GET", "/driver/stations")).items.filter((one) => one.ebikes).length === 2, "boards of both e-bike stations", 60_000, 1000);
  page = await phone(world);
}, { timeout: 120_000 });
afterEach(async (context) => {
  if (shotsWanted && !context.passed) await page.screenshot({ path: `${shotsWanted}/failed-${context.name.slice(0, 20)}.png` });
});
after(() => world.stop(), { timeout: 60_000 });

test("anybody finds a station with price now and free connectors, for cars and for e-bikes", async () => {
  await page.goto(`${world.base}/m/`);
  await page.says("滨江公园快充站");
  await page.shoot("home");
  const [first] = (await world.call("GET", "/driver/stations")).items;
  const price = (Number(first.car_price.energy_yuan_per_kwh) + Number(first.car_price.service_yuan_per_kwh)).toFixed(5).replace(/0+$/, "");
  assert.ok((await page.words()).includes(price), `${price} is shown`);
  await page.locator(".switch-one", { hasText: "电动车" }).click();
  await page.says("滨江公寓电动车棚");
  await page.shoot("home-ebikes");
  await page.locator(".switch-one", { hasText: "汽车" }).click();
  await page.locator(".station").first().click();
  await page.says("分时电价");
  await page.shoot("station");
  assert.equal(await page.locator(".prices-row.current").count(), 1, "one period is the present one");
});

test("signs in with WeChat and comes back to where they were", async () => {
  await page.to("wallet/wallet");
  await page.to("home/home?pane=me");
  await page.press("登录");
  await page.says("微信一键登录");
  await page.shoot("signin");
  await page.press("微信一键登录");
  assert.match(page.url(), /signin/, "not without the terms");
  await page.locator(".tick").click();
  await page.press("微信一键登录");
  await page.waitForURL((url) => url.port === String(world.wechatPort));
  await page.fill("#name", "王小电");
  await page.locator("#new button").click();
  await page.waitForURL((url) => url.port === String(world.wire.port));
  await until(async () => (await page.evaluate(() => localStorage.getItem("session"))) !== null, "a session on the phone");
  assert.equal(new URL(page.url()).search, "", "the code is gone from the address");
  const me = await mine("/driver");
  assert.ok(me.id > 0);
});

test("types the number of a charge point, is told what is missing, and pays it in with WeChat", async () => {
  await world.control("people", { name: "王小电", balance_fen: 50_000 });
  place = await world.plugged();
  await page.to("number/number");
  await page.locator("input").first().fill("1234");
  await page.press("下一步");
  await page.says("编号不对");
  await page.shoot("number");
  await page.locator("input").first().fill(place.code);
  await page.locator("input").nth(1).fill(String(place.no));
  await page.press("下一步");
  await page.says(place.code);
  await page.shoot("connector-too-little");
  await page.press("去充值");
  await page.says("选择金额");
  await page.shoot("topup");
  await page.locator("input").last().fill("55");
  await page.press("支付 55.00 元");
  await page.waitForURL((url) => url.pathname === "/cashier");
  await page.locator("button.pay:enabled").click();
  await page.waitForURL((url) => url.port === String(world.wire.port));
  await page.says("充值成功", 30_000);
  await page.says("55.00");
  await page.shoot("topup-done");
  const wallet = await mine("/wallet");
  assert.equal(wallet.available_fen, 5500, "what was paid, to the fen");
});

test("a payment that is cancelled takes nothing and says so", async () => {
  await page.to("topup/topup");
  await page.locator("input").last().fill("30");
  await page.press("支付 30.00 元");
  await page.waitForURL((url) => url.pathname === "/cashier");
  await page.locator("button[data-press=cancel]:enabled").click();
  await page.waitForURL((url) => url.port === String(world.wire.port));
  await page.says("已取消，没有付款", 30_000);
  assert.equal((await mine("/wallet")).available_fen, 5500);
});

let orderNo;

test("starts with its stages, and watches the charge live", async () => {
  await page.to(`connector/connector?code=${place.code}&no=${place.no}`);
  await page.says("确认充电");
  await page.shoot("connector");
  await until(async () => (await page.button("开始充电").getAttribute("disabled")) === null, "the button is on");
  await page.press("开始充电");
  await page.says("下单，冻结");
  await page.shoot("starting");
  await page.says("充电中", 100_000);
  orderNo = new URL(page.url().replace("/#/", "/")).searchParams.get("order");
  await until(async () => (await figures()) > 0, "energy that flows", 90_000);
  const before = await figures();
  await until(async () => (await figures()) > before, "energy that grows by itself", 60_000);
  await until(async () => page.evaluate(() => {
    const canvas = document.querySelector("canvas");
    if (!canvas) return false;
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    return data.some((value, index) => index % 4 === 3 && value > 0);
  }), "ink on the curve", 60_000);
  await page.shoot("charging");
});

test("loses its connection in mid-charge, keeps what it knew, and catches up by itself", async () => {
  world.wire.cut(7000);
  await page.says("正在恢复", 10_000);
  await page.shoot("charging-cut");
  assert.match(await page.words(), /电量/, "the last figures stay");
  await until(async () => !(await page.words()).includes("正在恢复"), "the connection again", 20_000);
  const before = await figures();
  await until(async () => (await figures()) > before, "live figures after it", 60_000);
});

test("finds its charge again after the page was loaded anew, and from the first page", async () => {
  await page.reload();
  await page.says("充电中", 20_000);
  await page.to("home/home");
  await page.locator(".running").click();
  await page.says("停止充电");
  await until(async () => (await figures()) > 0, "figures", 20_000);
});

test("stops, and reads a bill whose lines are what was paid", async () => {
  await page.press("停止充电");
  await page.locator("uni-modal .uni-modal__btn_primary").click();
  await page.says("停止中", 10_000);
  await page.says("已完成", 120_000);
  await page.shoot("charging-done");
  await page.press("查看账单");
  await page.says("费用明细");
  await page.shoot("order");
  const order = await mine(`/orders/${orderNo}`);
  const shown = await page.words();
  for (const line of order.bill) assert.ok(shown.includes(line.energy_fee_yuan) && shown.includes(line.service_fee_yuan), JSON.stringify(line));
  assert.ok(shown.includes((order.total_fen / 100).toFixed(2)));
  assert.equal(order.bill.reduce((sum, line) => sum + line.energy_mwh, 0), order.energy_mwh);
  const wallet = await mine("/wallet");
  assert.equal(wallet.available_fen, 5500 - order.total_fen, "paid exactly the bill, the rest is free again");
});

test("has the rest of the wallet paid back the way it came", async () => {
  const { refundable_fen: fen } = await mine("/driver/refunds/quote");
  await page.to("refund/refund");
  await page.says((fen / 100).toFixed(2));
  await page.shoot("refund");
  await page.press("申请退款");
  await page.locator("uni-modal .uni-modal__btn_primary").click();
  await until(async () => (await mine("/driver/refunds")).items.some((one) => one.standing === "done"), "a refund that arrived", 60_000);
  await page.reload();
  await page.says("已到账");
  await page.shoot("refund-done");
  assert.equal((await mine("/driver/refunds/quote")).refundable_fen, 0);
  const refunds = await world.control("refunds");
  assert.equal(refunds.reduce((sum, one) => sum + one.amount.refund, 0), fen, "WeChat was told the same");
});

test("tells the operator what is wrong with an order, and reads the answer", async () => {
  await page.to(`order/order?no=${orderNo}`);
  await page.says("费用明细");
  await page.locator(".item", { hasText: "对这一单有疑问" }).click();
  await page.says(orderNo);
  assert.match((await page.locator(".chip.on:visible").innerText()), /订单异议/);
  assert.notEqual(await page.button("提交").getAttribute("disabled"), null, "not without words");
  await page.locator("textarea:visible").fill("服务费比页面上显示的高，请核对。");
  await page.locator("input:visible").last().fill("13800001234");
  await page.shoot("feedback");
  await page.press("提交");
  await page.says("运营商看到后会在这里答复");
  const [sent] = (await mine("/driver/feedback")).items;
  assert.deepEqual([sent.kind, sent.order_no, sent.state], ["dispute", orderNo, "open"]);
  const staff = await world.staff();
  await world.call("POST", `/feedback/${sent.id}/replies`, { token: staff, body: { text: "已核对：按下单时的电价计费，账单无误。" } });
  await page.says("按下单时的电价计费", 10_000);
  await pause(4500); // the notice goes
  await page.shoot("answer");
  await until(async () => !(await mine("/driver/feedback")).items[0].unread, "the answer was seen");
  await page.to("home/home?pane=me");
  await page.locator(".item", { hasText: "反馈报修" }).click();
  await page.says("已答复");
  await world.call("POST", `/feedback/${sent.id}/closing`, { token: staff, body: { text: "如仍有疑问请再告诉我们。" } });
  await page.to("feedbacks/feedbacks");
  await page.says("新答复");
  await page.shoot("feedbacks");
});

test("reports a fault of a connector that cannot charge", async () => {
  await page.to(`feedback/feedback?kind=fault&code=${place.code}&no=${place.no}`);
  await page.says(place.code);
  await page.locator("textarea:visible").fill("枪头锁扣松了。");
  for (const name of ["lock.png", "plug.png"]) {
    const chooser = page.waitForEvent("filechooser");
    await page.locator(".photo.add:visible").click();
    await (await chooser).setFiles({ name, mimeType: "image/png", buffer: await page.screenshot({ clip: { x: 0, y: 0, width: 200, height: 120 + name.length * 8 } }) });
    await page.locator(`.photo img[src^="data:image/jpeg"] >> nth=${name === "lock.png" ? 0 : 1}`).waitFor({ state: "attached" });
  }
  // The second is lost on its way; it is sent again, and the words are not.
  let calls = 0;
  await page.route("**/driver/feedback/*/photos", (route) => ((calls += 1) === 2 ? route.abort() : route.continue()));
  await page.press("提交");
  await page.says("还有 1 张照片没有传完");
  await page.press("继续上传");
  await page.says("运营商看到后会在这里答复");
  await page.unroute("**/driver/feedback/*/photos");
  const [sent, before] = (await mine("/driver/feedback")).items;
  assert.deepEqual([sent.kind, sent.charge_point_code, sent.connector_no], ["fault", place.code, place.no]);
  assert.notEqual(before?.text, sent.text, "told once");
  assert.equal((await mine(`/driver/feedback/${sent.id}`)).photos.length, 2);
  await page.locator('.photo img[src^="data:image/jpeg"] >> nth=1').waitFor({ state: "attached" });
});

test("a charge point that is offline is told before any payment, and another is offered", async () => {
  const [first] = (await world.call("GET", "/driver/stations")).items;
  const code = "32010699990001";
  await world.call("POST", "/charge-points", { token: await world.staff(), body: { code, station_id: first.id, name: "还没通电的桩", power_type: "dc", connector_count: 1 } });
  await page.to(`connector/connector?code=${code}&no=1`);
  await page.says("充电桩离线，暂时不能充电");
  await page.says("本站其他可用接口");
  await page.says(/已 \d+:\d\d/);
  assert.equal(await page.button("开始充电").count(), 0, "there is no button to start with, not even a grey one");
  assert.equal(await page.button("支付").count(), 0, "nor paid");
  await world.call("DELETE", `/charge-points/${code}`, { token: await world.staff() });
});

test("an unknown number and a stranger's code are told before any payment", async () => {
  await page.to("connector/connector?code=32010000000009&no=1");
  await page.says("没有这个桩编号");
  await page.to(`connector/connector?q=${encodeURIComponent("https://example.com/hello/world!")}`);
  await page.says("这不是本平台的二维码");
});

test("changes language, text size and colours at once, and keeps them", async () => {
  await page.to("settings/settings");
  await page.locator(".chip", { hasText: "English" }).click();
  await page.says("Appearance");
  await page.locator(".chip", { hasText: "Dark" }).click();
  await page.locator("uni-switch").click();
  await page.reload();
  await page.says("Appearance");
  assert.match(await page.locator(".screen").last().getAttribute("class"), /dark.*large|large.*dark/);
  await page.shoot("settings-dark-large-english");
  await page.locator(".chip", { hasText: "中文" }).click();
  await page.locator(".chip", { hasText: "浅色" }).click();
  await page.locator("uni-switch").click();
});

test("every other page shows what it has, and says so when it has nothing", async () => {
  const pages = { wallet: "退款", journal: "充值", orders: place.code, cards: "还没有", vehicles: "还没有", settings: "语言", legal: "协议" };
  for (const [name, words] of Object.entries(pages)) {
    await page.to(`${name}/${name}`);
    await page.says(words);
    await page.shoot(name);
  }
  await page.to("home/home?pane=me");
  await page.says("微信车主");
  await page.shoot("me");
});

test("every button can be hit with a thumb", async () => {
  for (const path of ["home/home", "number/number", "wallet/wallet", "topup/topup", "settings/settings", `connector/connector?code=${place.code}&no=${place.no}`]) {
    await page.to(path);
    await pause(800);
    const small = await page.evaluate(() =>
      [...document.querySelectorAll("uni-page-body uni-button, uni-page-body [role=button], uni-page-body .chip, uni-page-body .field")]
        .map((node) => ({ box: node.getBoundingClientRect(), text: node.textContent.trim().slice(0, 20) }))
        .filter(({ box }) => box.width > 0 && (box.height < 43.5 || box.width < 43.5))
        .map(({ box, text }) => `${text} ${Math.round(box.width)}×${Math.round(box.height)}`),
    );
    assert.deepEqual(small, [], path);
  }
});

test("nothing was asked of strangers, and the browser had nothing to complain about", () => {
  assert.deepEqual([...page.strangers], []);
  assert.deepEqual(page.complaints, []);
});
