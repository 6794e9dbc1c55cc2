// Alarms of an operator's money beside those of devices: read whole on a desk of 1440 px, opened, ended with their case.
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { chromium } from "playwright-core";
import { until, World } from "../../../tools/world.mjs";
import { account, desk, python } from "./rig.mjs";

const world = new World(chromium);
let page;
let token;

/** What a provider's word or a bill would do: a case, told of through the outbox. */
const TROUBLE = `
import asyncio, sys
from chargecloud.features.payments import service_cases
from chargecloud.features.payments.messages import CaseKind
from chargecloud.features.payments.model import Trouble
from chargecloud.infra.sql.engine import Database
from chargecloud.kernel.clock import SystemClock

async def main() -> None:
    database = Database("sqlite:///" + sys.argv[1], SystemClock())
    await database.start()
    async with database.unit() as uow:
        facts = {"amount_fen": 5000, "said": "支付单不存在", "openid": "never shown"}
        await service_cases.open_case(uow, Trouble(1, "wechat", CaseKind.DELIVERY_REFUSED, "P2026010108000012345678", facts=facts))
    await database.stop()

asyncio.run(main())
`;

before(async () => {
  await world.start();
  const boss = await account(world, "administrator", "alarms-e2e");
  token = (await world.call("POST", "/staff/sign-in", { body: boss })).token;
  page = await desk(world);
  await page.enter(boss);
}, { timeout: 180_000 });
after(() => world.stop(), { timeout: 60_000 });

test("a trouble with money belongs to no station, and its advice is read whole", async () => {
  await python(["-c", TROUBLE, join(world.directory, "data", "demo", "chargecloud.db")]);
  await until(async () => (await world.call("GET", "/alarms?about=money&state=open", { token })).items.length === 1, "an alarm");
  await page.to("/alarms?about=money");
  const row = page.locator(".el-table__row").first();
  await row.waitFor();
  const cells = (await row.locator("td").allInnerTexts()).map((text) => text.trim());
  assert.deepEqual([cells[1], cells[2].split(/\s+/)], ["发货信息被拒", ["—", "P2026010108000012345678"]]);
  const advice = row.getByText("货款可能被冻结");
  assert.ok(await advice.evaluate((node) => node.scrollWidth <= node.clientWidth + 1 && node.scrollHeight <= node.closest("td").clientHeight), "nothing of it is cut");
  const [right, left] = [await advice.boundingBox(), await row.locator("td.actions").boundingBox()].map((box, index) => (index ? box.x : box.x + box.width));
  assert.ok(right <= left + 1, `advice ends at ${right}, buttons begin at ${left}`);
  await page.shoot("alarms-money");
  await row.getByRole("button", { name: "发货信息被拒" }).click();
  await page.says("支付单不存在");
  await page.shoot("alarms-one");
  assert.ok(!(await page.locator(".el-drawer").innerText()).includes("never shown"));
  await page.keyboard.press("Escape");
});

test("the alarm ends with its case", async () => {
  const [found] = (await world.call("GET", "/payment-cases?state=open", { token })).items;
  await world.call("POST", `/payment-cases/${found.id}/closing`, { token, body: { reason: "已在后台补录" } });
  await until(async () => (await world.call("GET", "/alarms?about=money&state=open", { token })).items.length === 0, "its end");
  await page.to("/alarms?about=money&state=closed");
  await page.says("已关闭");
});

test("nothing was asked of strangers, and the browser had nothing to complain about", () => {
  assert.deepEqual([...page.strangers], []);
  assert.deepEqual(page.complaints, []);
});
