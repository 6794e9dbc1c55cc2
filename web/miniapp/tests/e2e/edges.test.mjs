// What goes otherwise than planned, as a driver sees it: what cannot be started and why, a charge that ends by itself, a bill that changes, a stop nobody answers.
import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { chromium } from "playwright-core";
import { account } from "../../../tools/accounts.mjs";
import { pause, shotsWanted, until, World } from "../../../tools/world.mjs";
import { phone } from "./rig.mjs";

const world = new World(chromium);
let page;
let boss;
let ride;

const mine = async (path) => world.call("GET", path, { token: await page.token() });
const staff = (method, path, body, key) => world.call(method, path, { body, key, token: boss });
const act = (code, body) => staff("POST", `/tools/virtual-charge-points/${code}/acts`, body);
const start = async (token, place, key) =>
  (await world.call("POST", "/orders", { token, key, body: { charge_point_code: place.code, connector_no: place.no } })).orders[0];
const seen = ({ code, no }, state) =>
  until(async () => (await staff("GET", `/charge-points/${code}`)).connectors[no - 1].state === state, `${code}/${no} ${state}`, 90_000, 500);

const longest = () => `最长 ${Math.floor(ride.plan.max_duration_s / 3600)} 小时`;

/** No way to begin, not even a grey one, and no way to pay for it. */
async function barred(place, words) {
  await page.to(`connector/connector?code=${place.code}&no=${place.no}`);
  await page.says(words);
  await page.says(/已 \d+:\d\d/);
  for (const name of ["开始充电", "并充电", "充值"]) assert.equal(await page.button(name).count(), 0, name);
  await page.says("本站其他可用接口");
  assert.ok(await page.button("报修").count(), "a fault can be reported");
}

before(async () => {
  await world.start();
  const { username, password } = await account(world, "administrator", "edges-e2e");
  boss = (await world.call("POST", "/staff/sign-in", { body: { username, password } })).token;
  page = await phone(world);
  await page.signIn("赵边界");
  const { id } = await mine("/driver");
  await staff("POST", `/drivers/${id}/top-ups`, { amount_fen: 10_000, reason: "end to end" }, "edges-top-up");
}, { timeout: 180_000 });
afterEach(async (context) => {
  if (shotsWanted && !context.passed) await page.screenshot({ path: `${shotsWanted}/failed-${context.name.slice(0, 20)}.png` });
});
after(() => world.stop(), { timeout: 60_000 });

test("a place for e-bikes says what it allows before anything starts", async () => {
  ride = await until(async () => {
    for (const station of (await world.call("GET", "/driver/stations")).items.filter((one) => one.ebikes)) {
      const found = await world.call("GET", `/driver/stations/${station.id}`);
      for (const point of found.charge_points.filter((one) => one.kind === "ebike")) {
        const port = point.connectors.find((one) => one.state === "available" || one.state === "occupied");
        if (port && found.ebike_plan) return { code: point.code, no: port.connector_no, plan: found.ebike_plan };
      }
    }
    return null;
  }, "a free socket for e-bikes", 120_000, 1000);
  await page.to(`connector/connector?code=${ride.code}&no=${ride.no}`);
  await page.says(longest());
});

test("a charge that ends because the plug was pulled says so, beside what the place allows", async () => {
  await act(ride.code, { act: "plug", connector_no: ride.no });
  const order = await start(await page.token(), ride, "edges-ride");
  await until(async () => (await mine(`/orders/${order.order_no}`)).state === "charging", "a ride that charges", 90_000, 500);
  await pause(3_000);
  assert.ok((await act(ride.code, { act: "unplug", connector_no: ride.no })).done);
  await until(async () => (await mine(`/orders/${order.order_no}`)).settled_at !== null, "the end of it", 120_000, 500);
  assert.equal((await mine(`/orders/${order.order_no}`)).stop_reason, "unplugged");
  await page.to(`order/order?no=${order.order_no}`);
  await page.says("插头被拔出");
  await page.says(longest());
});

test("a connector that is broken, closed or taken by somebody cannot be started, and says for how long", async () => {
  const place = await world.plugged();
  await act(place.code, { act: "fault", connector_no: place.no, fault: "emergency_stop" });
  await seen(place, "faulted");
  await barred(place, "充电接口故障");
  await act(place.code, { act: "repair", connector_no: place.no });

  const closed = await world.plugged([`${place.code}/${place.no}`]);
  await staff("PATCH", `/charge-points/${closed.code}/connectors/${closed.no}`, { enabled: false, disabled_reason: "枪线破损" });
  await barred(closed, "该充电接口已停用");
  await staff("PATCH", `/charge-points/${closed.code}/connectors/${closed.no}`, { enabled: true });

  const taken = await world.plugged([`${place.code}/${place.no}`, `${closed.code}/${closed.no}`]);
  const { token: other } = await world.call("POST", "/demo/visitors", { body: {} });
  await start(other, taken, "edges-other");
  await seen(taken, "charging");
  await barred(taken, "这个接口正在充电");
});

test("a stop that the charge point does not answer says how to stop there, and a bill that is changed says from what to what", async () => {
  const place = await world.plugged();
  const order = await start(await page.token(), place, "edges-car");
  await until(async () => (await mine(`/sessions/${order.session_no}`)).energy_mwh > 200_000, "energy", 120_000, 1000);
  await page.to(`charging/charging?order=${order.order_no}`);
  await page.says("充电中", 30_000);
  assert.ok((await act(place.code, { act: "offline", seconds: 45 })).done);
  await page.press("停止充电");
  await page.locator("uni-modal .uni-modal__btn_primary").click();
  await page.says("充电桩还没有回答", 40_000);
  await page.says("按桩上的停止键");
  await until(async () => (await staff("GET", `/charge-points/${place.code}`)).online, "a charge point that is back", 120_000, 1000);
  await act(place.code, { act: "stop", connector_no: place.no });
  await page.says("已完成", 120_000);

  const { total_fen: before } = await mine(`/orders/${order.order_no}`);
  assert.ok(before > 1, `${before} fen`);
  await staff("POST", `/orders/${order.order_no}/refunds`, { amount_fen: 1, reason: "桩边照明坏了" }, "edges-refund");
  await page.to(`order/order?no=${order.order_no}`);
  await page.says("账单更正");
  const changes = await page.locator("uni-page-body .changes").innerText();
  for (const fen of [before, before - 1]) assert.ok(changes.includes((fen / 100).toFixed(2)), `${fen}: ${changes}`);
});

test("nothing was asked of strangers, and the browser had nothing to complain about", () => {
  assert.deepEqual([...page.strangers], []);
  assert.deepEqual(page.complaints, []);
});
