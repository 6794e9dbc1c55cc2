// Prices, customers, system and tools in a real browser: a tariff drawn by mouse and keyboard goes to a station and is found in the pile.
import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { chromium } from "playwright-core";
import { pause, shotsWanted, until, World } from "../../../tools/world.mjs";
import { account, desk } from "./rig.mjs";

const world = new World(chromium);
const LOGIN = "6822010000013201060001923600021056012E312E3530000100000000000000000000040EAB";
let boss;
let page;
let token;
const made = {};

const ask = (method, path, body, more = {}) => world.call(method, path, { body, token, ...more });

before(async () => {
  await world.start();
  boss = await account(world, "administrator", "policy-e2e");
  // Making an account keeps this program from noticing that a connection it kept has been closed meanwhile.
  token = (await until(() => world.call("POST", "/staff/sign-in", { body: boss }), "a session")).token;
  page = await desk(world);
  await page.enter(boss);
}, { timeout: 180_000 });
afterEach(async (context) => {
  if (shotsWanted && !context.passed) await page.screenshot({ path: `${shotsWanted}/failed-policy-${context.name.slice(0, 20)}.png` });
});
after(() => world.stop(), { timeout: 60_000 });

const cell = (index) => page.locator(`.el-dialog [data-half-hour="${index}"]`);
const half = (hours) => hours * 2;

async function drag(from, to) {
  const [begin, end] = [await cell(from).boundingBox(), await cell(to).boundingBox()];
  await page.mouse.move(begin.x + begin.width / 2, begin.y + begin.height / 2);
  await page.mouse.down();
  await page.mouse.move(begin.x + begin.width, begin.y + begin.height / 2, { steps: 4 });
  await page.mouse.move(end.x + end.width / 2, end.y + end.height / 2, { steps: 12 });
  await page.mouse.up();
}

async function type(label, text) {
  await page.getByLabel(label, { exact: true }).fill(text);
}

/** The field of a form in the dialog that is open. */
const field = (label) => page.locator(".el-dialog:visible .el-form-item", { hasText: label }).locator("input, textarea").first();
const confirm = () => page.locator(".el-message-box .el-button--primary").click();
const primary = () => page.locator(".el-dialog__footer .el-button--primary:visible").click();

test("a tariff is drawn with the mouse and with the keyboard, and written as it was drawn", async () => {
  await page.to("/tariffs");
  await page.press("新建电价模型");
  await field("名称").fill("画出来的电价");
  await primary();
  await page.locator(".el-dialog .grid[role=grid]").waitFor();
  await pause(600);
  await drag(half(0), half(8) - 1);
  await page.says("已选 00:00–08:00，8 小时");
  await page.locator(".el-dialog .kind.valley").click();
  await drag(half(14) - 1, half(10));
  await page.says("已选 10:00–14:00，4 小时");
  await page.locator(".el-dialog .kind.peak").click();
  // The rest without a mouse: from the end of the day back to 18:00, then to 21:00.
  await cell(half(10)).focus();
  await page.keyboard.press("End");
  for (let step = 0; step < 11; step++) await page.keyboard.press("ArrowLeft");
  for (let step = 0; step < 5; step++) await page.keyboard.press("Shift+ArrowRight");
  await page.says("已选 18:00–21:00，3 小时");
  await page.keyboard.press("1");
  assert.equal(await cell(half(18)).getAttribute("aria-label"), "18:00 到 18:30，尖");
  assert.equal(await cell(half(18)).getAttribute("aria-selected"), "true");
  for (const [band, energy] of [["尖", "1.23456"], ["峰", "1.1"], ["平", "0.8"], ["谷", "0.3"]]) {
    await type(`${band}：电费，元/kWh`, energy);
    await type(`${band}：服务费，元/kWh`, "0.40000");
  }
  await page.shoot("tariff-drawing");
  await primary();
  await page.says("版本已写入");
  const { items } = await ask("GET", "/tariffs?name=画出来的电价");
  const detail = await ask("GET", `/tariffs/${items[0].id}`);
  made.tariff = items[0].id;
  [made.version] = detail.versions;
  const day = made.version.half_hours;
  const runs = day.map((band, index) => (band === day[index - 1] ? "" : `${index / 2} ${band}`)).filter(Boolean);
  assert.deepEqual(runs, ["0 valley", "8 flat", "10 peak", "14 flat", "18 sharp", "21 flat"]);
  assert.deepEqual(made.version.bands.sharp, { energy_yuan_per_kwh: "1.23456", service_yuan_per_kwh: "0.40000" });
  await page.locator("canvas").first().waitFor();
});

test("a later version waits and is cancelled", async () => {
  await page.press("新建版本");
  await page.locator(".el-dialog .grid[role=grid]").waitFor();
  await pause(400);
  await page.getByText("指定时间").click();
  await primary();
  await page.locator(".versions", { hasText: "待生效" }).waitFor();
  await page.shoot("tariff-versions");
  await page.locator(".versions").getByRole("button", { name: "取消版本" }).click();
  await confirm();
  await page.locator(".versions", { hasText: "已取消" }).waitFor();
});

test("what a charge would have cost is told line by line, and beside another tariff", async () => {
  const quote = page.locator("section", { hasText: "试算" }).last();
  await quote.locator(".other").click();
  await page.locator(".el-select-dropdown__item:visible").first().click();
  await quote.locator(".energy input").fill("40");
  await quote.getByRole("button", { name: "试算" }).click();
  await quote.locator(".total td").nth(1).waitFor();
  // 16:00 to 18:00 is flat here: 40 × (0.8 + 0.4).
  assert.equal(await quote.locator(".total td").first().innerText(), "¥ 48.00");
  await quote.getByText("功率曲线").click();
  await quote.locator("textarea").fill("0:00 60\n0:30 45\n1:00 20");
  await quote.getByRole("button", { name: "试算" }).click();
  await until(async () => (await quote.locator(".total td").first().innerText()) === "¥ 87.00", "30 + 22.5 + 20 kWh at 1.20");
  await quote.scrollIntoViewIfNeeded();
  await page.shoot("tariff-quote");
  await quote.locator("textarea").fill("5 60");
  await page.says("第 1 行不对");
});

test("the tariff is applied to a station, pushed, and found in the pile", async () => {
  const [station] = (await ask("GET", "/stations?name=滨江公园")).items;
  await page.press("应用到充电站");
  await page.locator(".el-dialog .stations").click();
  await page.locator(".el-select-dropdown__item:visible", { hasText: "滨江公园" }).click();
  await page.locator(".el-dialog__title").last().click();
  await page.locator(".el-dialog__footer").getByRole("button", { name: "应用到充电站" }).click();
  await page.locator(".results", { hasText: "已指定" }).waitFor();
  await page.locator(".el-dialog__footer").getByRole("button", { name: "完成" }).click();
  await page.locator(".data-table", { hasText: "滨江公园" }).getByText("生效中").first().waitFor();
  await page.to(`/station-prices?station_id=${station.id}`);
  await page.press("下发电价");
  await confirm();
  await page.says(/已下发到 \d+ 台桩/);
  const holds = async () => (await ask("GET", "/tools/virtual-charge-points")).items.filter((point) => point.tariff_no === made.version.tariff_no).map((point) => point.code);
  await until(async () => (await holds()).length >= 3, "virtual charge points that hold the new tariff", 90_000, 1000);
  const [code] = await holds();
  const row = page.locator(".el-table__row", { hasText: code });
  await row.getByText("成功").waitFor({ timeout: 60_000 });
  await until(async () => (await ask("GET", `/charge-points/${code}`)).tariff_matches === true, "the platform knows it", 60_000, 1000);
  await row.locator(".state-tag.good", { hasText: /^●一致$/ }).waitFor({ timeout: 30_000 });
  await row.scrollIntoViewIfNeeded();
  await page.shoot("tariff-pushed");
  await page.to("/virtual-charge-points");
  await page.locator(".point", { hasText: code }).getByText(made.version.tariff_no).waitFor();
});

test("a two-wheel tariff in power tiers is written and quoted", async () => {
  await page.to("/two-wheel-tariffs");
  await page.press("新建两轮计费");
  await field("名称").fill("分档计时");
  await primary();
  const dialog = page.locator(".el-dialog:visible");
  await dialog.locator(".tiers").waitFor();
  await dialog.getByRole("button", { name: "增加一档" }).click();
  await dialog.getByLabel("功率上限 W").fill("200");
  await dialog.getByLabel("元/小时").nth(0).fill("0.60");
  await dialog.getByLabel("元/小时").nth(1).fill("1.25");
  await primary();
  await page.says("版本已写入");
  const [{ id }] = (await ask("GET", "/two-wheel-tariffs")).items;
  made.plan = id;
  const { plan } = (await ask("GET", `/two-wheel-tariffs/${id}`)).versions[0];
  assert.deepEqual(plan.tiers, [{ max_power_w: 200, fen_per_hour: 60 }, { max_power_w: null, fen_per_hour: 125 }]);
  const quote = page.locator("section", { hasText: "试算" }).last();
  await quote.locator("textarea").fill("60 180\n120 320");
  await quote.locator(".ask input").nth(1).fill("120");
  await quote.getByRole("button", { name: "试算" }).click();
  await quote.getByText("退回 ¥ 3.15").waitFor();
  assert.match(await quote.locator(".sum").innerText(), /¥ 1\.85/);
});

test("a driver is registered, topped up, corrected to the fen, frozen with a reason, and given a card", async () => {
  await page.to("/drivers");
  await page.press("新增车主");
  await field("姓名").fill("柜台车主");
  await field("电话").fill("13900001234");
  await primary();
  await page.waitForURL(/#\/drivers\/\d+/);
  made.driver = Number(/drivers\/(\d+)/.exec(page.url())[1]);
  await page.press("充值");
  await field("收到的金额").fill("100.5");
  await field("原因").fill("现金");
  await primary();
  await page.says("¥ 100.50");
  await page.press("调整余额");
  await field("金额").fill("-0.07");
  await field("原因").fill("多收");
  await page.says("¥ 100.50 → ¥ 100.43");
  await primary();
  await page.locator(".available_fen", { hasText: "100.43" }).waitFor();
  assert.equal((await ask("GET", `/drivers/${made.driver}/wallet`)).available_fen, 10_043);
  await page.getByRole("tab", { name: "钱包流水" }).click();
  await page.locator(".el-table__row", { hasText: "人工调整" }).getByText("-0.07").first().waitFor();
  await page.getByRole("tab", { name: "充电卡" }).click();
  await page.press("发卡");
  await field("卡面号").fill("6688000011112222");
  await field("物理卡号").fill("00000000AB12CD34");
  await primary();
  await page.locator(".el-table__row", { hasText: "6688000011112222" }).getByRole("button", { name: "挂失" }).click();
  await confirm();
  await page.locator(".el-table__row", { hasText: "已挂失" }).waitFor();
  assert.equal(await page.getByText("13900001234").count(), 0, "the number is masked");
  await page.press("查看完整电话");
  await page.locator(".el-message-box textarea").fill("回访");
  await confirm();
  await page.says("13900001234");
  await page.press("冻结");
  await page.locator(".el-message-box textarea").fill("异常充电");
  await confirm();
  await page.says("已冻结，不能开始新的充电。");
  await page.shoot("driver-frozen");
  const entries = (await ask("GET", `/audit-log?object=driver:${made.driver}`)).items.map((entry) => entry.action);
  assert.deepEqual(entries, ["driver.freeze", "driver.reveal_phone", "wallet.adjust", "wallet.top_up", "driver.create"]);
});

test("an account is made with a role, and what was done stands in the audit log", async () => {
  await page.to("/staff");
  await page.press("新增人员");
  await field("账号").fill("xiaowang");
  await field("姓名").fill("小王");
  await page.locator(".el-dialog:visible .el-select").click();
  await page.locator(".el-select-dropdown__item:visible", { hasText: "财务" }).click();
  const password = await field("密码").inputValue();
  assert.match(password, /^\w{20}$/);
  await page.shoot("staff-new");
  await primary();
  await page.locator(".el-table__row", { hasText: "xiaowang" }).getByText("财务").waitFor();
  const signedIn = await world.call("POST", "/staff/sign-in", { body: { username: "xiaowang", password } });
  assert.equal(signedIn.staff.role, "finance");
  await page.to("/audit-log?action=staff.create");
  await page.locator(".el-table__row").first().getByRole("button", { name: "详情" }).click();
  await page.locator(".el-drawer", { hasText: "xiaowang" }).waitFor();
  await page.shoot("audit-entry");
});

test("a good frame is read column by column, a broken one says what is wrong, and garbage between does no harm", async () => {
  await page.to("/decoder");
  await page.locator("textarea").fill(`${LOGIN}\nAABB\n${LOGIN.slice(0, -6)}000EAB`);
  await page.press("解析");
  await page.says("识别为");
  await page.says("共 3 段，1 帧正确");
  const [good, garbage, broken] = [0, 1, 2].map((index) => page.locator(".unit").nth(index));
  await good.locator("tr", { hasText: "桩编码" }).getByText("32010600019236").first().waitFor();
  await garbage.getByText("不是报文").waitFor();
  await broken.getByText(/校验应为 [0-9A-F]{4}，报文里是 0EAB/).waitFor();
  await page.shoot("decoder");
  await page.locator("textarea").fill("这不是报文");
  await page.press("解析");
  await page.says("no_bytes");
});

test("a fault made at a virtual charge point is seen by the platform, and mended", async () => {
  const { code, no } = await world.plugged();
  await page.to("/virtual-charge-points");
  const row = page.locator(".point", { hasText: code }).locator("tr").nth(no - 1);
  await row.getByRole("button", { name: "故障" }).click();
  await page.locator(".el-dropdown-menu__item:visible", { hasText: "急停" }).click();
  const state = async () => (await ask("GET", `/charge-points/${code}`)).connectors[no - 1].state;
  await until(async () => (await state()) === "faulted", "a fault the platform sees", 60_000, 500);
  await page.shoot("virtual-fault");
  await row.getByRole("button", { name: "修复" }).click();
  await until(async () => (await state()) !== "faulted", "a connector that works again", 60_000, 500);
});

test("frames of a charge point have their Chinese labels", async () => {
  const { code } = await world.plugged();
  await page.to(`/charge-points/${code}?tab=frames`);
  await page.locator(".frames .find input").fill("0x13");
  await page.locator(".frames .line").first().click();
  await page.locator(".frames .detail tr", { hasText: "输出电压" }).waitFor();
});

test("what a driver reports is answered and closed, and opened again with a reason", async () => {
  const { code, no } = await world.plugged();
  const driver = await ask("POST", "/drivers", { name: "报修车主" });
  const issued = await ask("POST", `/drivers/${driver.id}/tokens`, { label: "e2e" });
  const told = await world.call("POST", "/driver/feedback", { token: issued.token, key: "feedback-e2e-1", body: { kind: "fault", charge_point_code: code, connector_no: no, text: "枪头卡住了 <b>拔不出来</b>" } });
  const picture = await page.evaluate(() => {
    const canvas = Object.assign(document.createElement("canvas"), { width: 1200, height: 900 });
    const brush = canvas.getContext("2d");
    brush.fillStyle = "#c33";
    brush.fillRect(200, 150, 800, 600);
    return canvas.toDataURL("image/png").split(",")[1];
  });
  await world.call("POST", `/driver/feedback/${told.id}/photos`, { token: issued.token, key: "feedback-e2e-photo", body: { content: picture } });
  await page.to("/feedback?state=open");
  await page.locator(".el-table__row", { hasText: "枪头卡住了" }).getByRole("button", { name: "查看" }).click();
  const drawer = page.locator(".el-drawer");
  await drawer.getByText("枪头卡住了 <b>拔不出来</b>").waitFor();
  await drawer.getByAltText("照片 1，点击放大").click();
  const large = page.locator(".el-image-viewer__wrapper img");
  await large.waitFor();
  await until(() => large.evaluate((image) => image.naturalWidth === 1200), "the photo drawn large");
  await page.shoot("feedback-photo");
  await page.keyboard.press("Escape");
  await large.waitFor({ state: "detached" });
  await drawer.locator("textarea").fill("已派人处理，请稍候。");
  await page.shoot("feedback-answer");
  await drawer.getByRole("button", { name: "回复", exact: true }).click();
  await drawer.getByText("已回复").first().waitFor();
  await drawer.getByRole("button", { name: "关闭", exact: true }).click();
  await drawer.getByRole("button", { name: "重新打开" }).click();
  await page.locator(".el-message-box textarea").fill("车主来电");
  await confirm();
  await until(async () => (await ask("GET", `/feedback?driver_id=${driver.id}`)).items[0].state !== "closed", "an open report");
  const [{ id }] = (await ask("GET", `/feedback?driver_id=${driver.id}`)).items;
  assert.deepEqual((await ask("GET", `/feedback/${id}`)).answers.map((one) => one.text), ["已派人处理，请稍候。"]);
});

test("a lost card is found by its number among all cards, stopped there and counts again", async () => {
  const driver = await ask("POST", "/drivers", { name: "丢卡车主" });
  const labels = ["6000000001", "6000000002", "7000000003"];
  for (const [at, label] of labels.entries()) await ask("POST", `/drivers/${driver.id}/cards`, { card_id: `C${at}D${at}`, card_label: label, password: at ? "" : "123456" });
  const frozen = async (label) => (await ask("GET", `/cards?card_label=${label}`)).items[0].frozen;
  await page.to("/drivers");
  await page.locator(".nav a", { hasText: "充电卡" }).click();
  await page.says(labels[2]);
  await page.getByLabel("卡面号开头").fill("6000");
  await page.keyboard.press("Enter");
  const rows = page.locator(".data-table .el-table__body tbody tr");
  await until(async () => (await rows.count()) === 2, "two cards");
  assert.match(page.url(), /card_label=6000/);
  const lost = rows.filter({ hasText: labels[0] });
  await lost.getByRole("button", { name: "挂失", exact: true }).click();
  await page.locator(".el-message-box").getByRole("button", { name: "取消" }).click();
  assert.equal(await frozen(labels[0]), false, "not without being sure");
  await lost.getByRole("button", { name: "挂失", exact: true }).click();
  await confirm();
  await lost.getByText("已挂失").waitFor();
  assert.deepEqual([await frozen(labels[0]), await frozen(labels[1])], [true, false]);
  await lost.getByRole("button", { name: "解除挂失" }).click();
  await lost.getByText("正常").waitFor();
  assert.equal(await frozen(labels[0]), false);
  await page.to("/cards?card_label=99999");
  await page.says("没有符合条件的记录");
  await page.to(`/cards?driver_id=${driver.id}`);
  await page.locator("#main").getByRole("link", { name: "丢卡车主" }).first().click();
  await page.waitForURL(/#\/drivers\/\d+\?tab=cards/);
  await page.says(labels[1]);
});

test("a hub is found with the charge points behind it, named and put aside", async () => {
  await until(async () => (await ask("GET", "/hubs")).items.length > 0, "a hub that has spoken");
  const [hub] = (await ask("GET", "/hubs")).items;
  await page.to("/charge-points");
  await page.locator(".nav a", { hasText: "电动车主机" }).click();
  await page.locator("#main").getByText(hub.hub_code, { exact: true }).click();
  const drawer = page.locator(".el-drawer");
  await until(async () => (await drawer.locator(".behind li").count()) === hub.charge_points, "its charge points");
  await page.shoot("hub");
  await drawer.getByRole("button", { name: "修改", exact: true }).click();
  await drawer.locator("input[type=text]").first().fill("东侧主机");
  await drawer.locator("textarea").fill("钥匙在物业");
  await drawer.getByText("停用（").click();
  await drawer.getByRole("button", { name: "保存", exact: true }).click();
  await drawer.getByText("钥匙在物业").waitFor();
  const kept = await ask("GET", `/hubs/${hub.hub_code}`);
  assert.deepEqual([kept.name, kept.note, kept.retired], ["东侧主机", "钥匙在物业", true]);
  await page.to("/hubs");
  await page.says("还没有主机");
  await page.to("/hubs?retired=true");
  await page.says("东侧主机");
  await ask("PATCH", `/hubs/${hub.hub_code}`, { retired: false });
  await page.to("/hubs");
  await page.press("刷新"); // what another one has changed is looked up again after some seconds only
  await page.says("东侧主机");
  await page.to(`/charge-points/${kept.behind[0].code}?tab=data`);
  await page.locator("#main").getByRole("link", { name: hub.hub_code }).click();
  await page.waitForURL(/#\/hubs\?hub=/);
  await page.locator(".el-drawer").getByText("钥匙在物业").waitFor();
  await page.keyboard.press("Escape");
  await page.waitForURL(/#\/hubs$/);
});

test("what moved the money of all drivers is listed, narrowed, and leads to the driver", async () => {
  const [first, second] = [await ask("POST", "/drivers", { name: "流水车主甲" }), await ask("POST", "/drivers", { name: "流水车主乙" })];
  await ask("POST", `/drivers/${first.id}/top-ups`, { amount_fen: 12_300, reason: "现金充值" }, { key: "journal-first" });
  await ask("POST", `/drivers/${second.id}/top-ups`, { amount_fen: 4_500, reason: "现金充值" }, { key: "journal-second" });
  await ask("POST", `/drivers/${first.id}/adjustments`, { amount_fen: -2_300, reason: "误充退回" }, { key: "journal-third" });
  await page.to("/payments");
  await page.locator(".nav a", { hasText: "钱包流水" }).click();
  const rows = page.locator(".data-table .el-table__body tbody tr");
  const less = rows.filter({ hasText: "误充退回" });
  await less.locator(".less", { hasText: "-23.00" }).waitFor();
  await rows.filter({ hasText: "流水车主乙" }).locator(".more", { hasText: "+45.00" }).waitFor();
  await page.getByRole("textbox", { name: "车主编号" }).fill(String(first.id));
  await page.keyboard.press("Enter");
  await until(async () => (await rows.count()) === 2, "two lines of one driver");
  assert.match(page.url(), new RegExp(`driver_id=${first.id}`));
  await page.to(`/wallet-journal?driver_id=${first.id}&purpose=adjustment`);
  await until(async () => (await rows.count()) === 1, "one line");
  await page.to("/wallet-journal?transfer_id=nothing");
  await page.says("没有符合条件的记录");
  await page.to(`/wallet-journal?driver_id=${second.id}`);
  await page.locator("#main").getByRole("link", { name: "流水车主乙" }).click();
  await page.waitForURL(/#\/drivers\/\d+\?tab=journal/);
  await page.says("+45.00");
});

const PAGES = () => [
  "/feedback",
  "/tariffs", `/tariffs/${made.tariff}`, "/two-wheel-tariffs", `/two-wheel-tariffs/${made.plan}`, "/station-prices",
  "/drivers", ...["", "journal", "cards", "vehicles", "passes", "tokens"].map((tab) => `/drivers/${made.driver}${tab && `?tab=${tab}`}`),
  "/cards", "/hubs", "/wallet-journal",
  "/staff", "/roles", "/audit-log", "/sign-ins", "/health", "/decoder", "/virtual-charge-points",
];

test("every page opens in both languages, light and dark, without a complaint and without an untranslated word", async () => {
  for (const [language, other] of [["zh", "English"], ["en", "中文"]]) {
    for (const path of PAGES()) {
      await page.to(path);
      await page.locator("#main .page").first().waitFor();
      await until(async () => (await page.locator(".el-loading-mask:visible").count()) === 0, `${path} has loaded`);
      await pause(500);
      const words = (await page.locator("#main").innerText()).replace(/[a-z]+\.(read|write|command)\b/g, "");
      assert.doesNotMatch(words, /\b(app|stations|sessions|tariffs|drivers|wallet|feedback|operators|tools)\.[a-z]+\.?[a-zA-Z.]*\b/, `${language} ${path}: a key instead of a text`);
      assert.equal(await page.locator("#main .problem").count(), 0, `${language} ${path}: ${words.slice(0, 2000)}`);
      const name = path.replace(/^\//, "").replace(/\/\d+/, "-one").replace("?tab=", "-");
      if (language === "zh" || !path.includes("?")) await page.shoot(`${name}-${language}`);
    }
    await page.getByRole("button", { name: other }).click();
  }
  await page.getByRole("button", { name: "切换深色、浅色" }).click();
  for (const path of [`/tariffs/${made.tariff}`, `/drivers/${made.driver}`, "/roles", "/health", "/virtual-charge-points"]) {
    await page.to(path);
    await page.locator("#main .page").first().waitFor();
    await pause(1200);
    await page.shoot(`${path.replace(/^\//, "").replace(/\/\d+/, "-one")}-dark`);
  }
  await page.to("/decoder");
  await page.press("云快充示例");
  await page.locator(".unit").first().waitFor();
  await page.shoot("decoder-dark");
  await page.getByRole("button", { name: "切换深色、浅色" }).click();
});

test("who may only read sees no button that writes, and the platform refuses it too", async () => {
  const visitor = await desk(world);
  await visitor.enter({ username: "demo", password: "demo123" });
  for (const path of PAGES()) {
    await visitor.to(path);
    await visitor.locator("#main .page").first().waitFor();
    await pause(800);
    for (const word of ["新建电价模型", "新建版本", "以此新建", "应用到充电站", "指定电价", "下发电价", "新建两轮计费", "新增车主", "充值", "调整余额", "冻结", "修改", "发卡", "挂失", "登记车辆", "开卡", "吊销", "新增人员", "重置密码", "停用", "插枪", "断网 60 秒", "故障 ▾"]) {
      assert.equal(await visitor.locator("#main").getByRole("button", { name: word, exact: true }).count(), 0, `${path}: ${word}`);
    }
  }
  const { code } = await world.plugged();
  const status = await visitor.evaluate(async (code) => (await fetch(`/api/v1/tools/virtual-charge-points/${code}/acts`, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ act: "unplug" }) })).status, code);
  assert.equal(status, 403);
  assert.deepEqual(visitor.complaints, []);
  await visitor.context().close();
});

test("nothing was asked of strangers, and the browser had nothing to complain about", () => {
  assert.deepEqual([...page.strangers], []);
  assert.deepEqual(page.complaints, []);
});
