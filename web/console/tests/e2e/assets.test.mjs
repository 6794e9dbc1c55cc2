// Files out and in, and charge points nobody has entered, in a real browser against the real platform.
import assert from "node:assert/strict";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { after, afterEach, before, test } from "node:test";
import { chromium } from "playwright-core";
import { pause, shotsWanted, until, World } from "../../../tools/world.mjs";
import { account, desk, python } from "./rig.mjs";

const ROWS = 100_000;
const world = new World(chromium);
let boss;
let page;
let token;

const ask = (method, path, body) => world.call(method, path, { body, token });

const SEED = `
import sqlite3, sys
db = sqlite3.connect(sys.argv[1], timeout=30)
names = [row[1] for row in db.execute("PRAGMA table_info(alarms)")]
blank = {row[1]: 0 if row[2].upper() in ("INTEGER", "BIGINT", "BOOLEAN") else "" for row in db.execute("PRAGMA table_info(alarms)")}
del blank["id"]
rows = []
for number in range(int(sys.argv[2])):
    row = dict(blank, operator_id=1, station_id=1, kind="clock_skew", level="notice", charge_point_code="32010600000001", state="closed",
               subject=f"=HYPERLINK({number})", times=1, facts="{}", first_at_ms=1767225600000 + number, last_at_ms=1767225600000 + number,
               open_key=None, closed_at_ms=1767225600000 + number, closed_by="演示")
    if "acknowledged_at_ms" in row: row["acknowledged_at_ms"] = None
    rows.append(tuple(row.values()))
names = list(row)
db.executemany(f"INSERT INTO alarms ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})", rows)
db.commit()
`;
const COUNT_XLSX = `
import sys
from openpyxl import load_workbook
sheet = load_workbook(open(sys.argv[1], 'rb'), read_only=True).active
rows = list(sheet.iter_rows(values_only=True))
print(len(rows), rows[0][0], rows[-1][8])
`;

before(async () => {
  await world.start();
  boss = await account(world, "administrator", "assets-e2e");
  token = (await until(() => world.call("POST", "/staff/sign-in", { body: boss }), "a sign-in")).token;
  page = await desk(world);
  await page.enter(boss);
}, { timeout: 180_000 });
afterEach(async (context) => {
  if (shotsWanted && !context.passed) await page.screenshot({ path: `${shotsWanted}/failed-${context.name.slice(0, 20)}.png` });
});
after(() => world.stop(), { timeout: 60_000 });

/** Have the list that is open made into a file; where the browser put it. */
async function exported(format) {
  await page.press("导出");
  await page.getByRole("menuitem", { name: "XLSX 或 CSV，全部行…" }).click();
  await page.locator(".el-dialog .el-radio", { hasText: format }).click();
  if (format === "XLSX") await page.shoot("exports-dialog");
  await page.press("开始导出");
  const link = page.locator(".el-dialog a.el-button--primary");
  await link.waitFor({ timeout: 180_000 });
  const said = await page.locator(".el-dialog .how").innerText();
  const [saved] = await Promise.all([page.waitForEvent("download"), link.click()]);
  await page.locator(".el-dialog").getByRole("button", { name: "关闭" }).last().click();
  await page.locator(".el-dialog").waitFor({ state: "hidden" });
  return { path: await saved.path(), name: saved.suggestedFilename(), said };
}

test(`a list of ${ROWS} rows becomes a CSV and an XLSX file, and every row is in both`, { timeout: 400_000 }, async () => {
  await python(["-c", SEED, join(world.directory, "data", "demo", "chargecloud.db"), String(ROWS)]);
  await page.to("/alarms?kind=clock_skew&state=closed");
  await page.locator(".el-table__row").first().waitFor();
  const text = await exported("CSV");
  assert.match(text.said, /100,000 行/);
  assert.match(text.name, /^alarms-\d{8}-\d{6}-\d+\.csv$/);
  const lines = readFileSync(text.path, "utf8").split("\r\n");
  assert.equal(lines.length, ROWS + 2, "titles, rows, and the end of the last line");
  assert.ok(lines[0].startsWith("\uFEFF编号,级别,状态"));
  assert.ok(lines.slice(1, -1).every((line) => line.includes(",'=HYPERLINK(")), "no cell is a formula");
  const book = await exported("XLSX");
  assert.equal(await python(["-c", COUNT_XLSX, book.path]), `${ROWS + 1} 编号 =HYPERLINK(0)`);
  assert.ok(statSync(book.path).size < 20_000_000);
  await page.to("/exports");
  await until(async () => (await page.locator(".el-table__row", { hasText: "已完成" }).count()) === 2, "both of them under my exports");
  await page.shoot("exports-zh");
  await page.getByRole("button", { name: "English" }).click();
  await page.says("My exports");
  await page.shoot("exports-en");
  await page.getByRole("button", { name: "中文" }).click();
});

test("another of the staff has none of these files", async () => {
  const other = await desk(world);
  await other.enter(await account(world, "administrator", "assets-other"));
  await other.to("/exports");
  await other.says("还没有导出");
  const [mine] = (await ask("GET", "/exports")).items;
  assert.equal(await other.evaluate(async (id) => (await fetch(`/api/v1/exports/${id}/file`)).status, mine.id), 404);
  await other.context().close();
});

const TITLES = "站名,地址,电话,纬度,经度,桩编号,桩名,类型,枪数,单枪额定功率kW";
const GOOD = ["导入一站,路 1 号,,30.2,120.2,32019900000001,1 号桩,直流,2,120", "导入一站,,,,,32019900000002,2 号桩,交流,1,7"];
const BAD = ["导入一站,,,,,1990000000003,3 号桩,直流,2,120", "导入二站,,,95,120.2,,,,,", "导入一站,,,,,32019900000004,,三相,2,120"];

test("an import with three bad lines says what is wrong with them, and goes in when it is mended", async () => {
  const file = join(world.directory, "import.csv");
  await python(["-c", "import sys; open(sys.argv[1], 'wb').write(sys.argv[2].encode('gbk'))", file, [TITLES, ...GOOD, ...BAD].join("\r\n")]);
  await page.to("/stations");
  await page.getByRole("link", { name: "批量导入站与桩" }).click();
  const [template] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "下载模板（XLSX）" }).click()]);
  assert.match(template.suggestedFilename(), /\.xlsx$/);
  await page.locator("input[type=file]").setInputFiles(file);
  await page.says("桩编号要 14 位");
  await page.says("纬度须在 -90 到 90 之间");
  await page.says("类型须为“直流”或“交流”");
  await page.shoot("station-import-zh");
  const [problems] = await Promise.all([page.waitForEvent("download"), page.press("下载错误清单")]);
  assert.equal(readFileSync(await problems.path(), "utf8").trim().split("\r\n").length, 5, "titles and four mistakes in three lines");
  assert.equal((await ask("GET", "/stations?name=导入")).items.length, 0, "nothing is in before somebody says so");
  await page.press("只导入正确的 2 行");
  await page.says("已登记 2 台桩，新建 1 个站");
  assert.equal((await ask("GET", "/charge-points/32019900000001")).name, "1 号桩");
  writeFileSync(file, [TITLES, "导入二站,,,29.5,120.2,32019900000003,3 号桩,直流,2,120"].join("\n"));
  await page.locator("input[type=file]").setInputFiles(file);
  await page.press("导入全部 1 行");
  await page.says("已登记 1 台桩，新建 1 个站");
  await page.getByRole("button", { name: "English" }).click();
  await page.says("Import stations and charge points");
  writeFileSync(file, [TITLES, BAD[0]].join("\n"));
  await page.locator("input[type=file]").setInputFiles(file);
  await page.says("A code has 14 digits");
  await page.shoot("station-import-en");
  await page.getByRole("button", { name: "中文" }).click();
});

/** A published capture: the login of a charge point that nobody has entered here (tests/golden/ykc16, pub-002). */
const STRANGER = "20231212000010";
const LOGIN = Buffer.from("6822001900012023121200001001011047562E393572313300898604D11722D034860602874E", "hex");

/** It calls, and hangs up when it is told no. */
function strangerCalls() {
  return new Promise((resolve, reject) => {
    const socket = connect(world.ykcPort, "127.0.0.1", () => socket.write(LOGIN));
    socket.on("close", resolve).on("error", reject).on("data", () => {});
  });
}

test("a charge point nobody entered is listed, entered into a station, and admitted when it calls again", async () => {
  const code = STRANGER;
  await strangerCalls();
  await page.to("/charge-points");
  await page.getByRole("link", { name: "未登记的桩（1）" }).click();
  const row = page.locator(".el-table__row", { hasText: code });
  await row.waitFor();
  await page.shoot("unknown-charge-points-zh");
  await page.getByRole("button", { name: "English" }).click();
  await page.says("Charge points that are not entered");
  await page.shoot("unknown-charge-points-en");
  await page.getByRole("button", { name: "中文" }).click();
  await row.getByRole("button", { name: "登记" }).click();
  await page.locator(".el-dialog .el-select").click();
  await page.locator(".el-select-dropdown__item:visible", { hasText: "导入一站" }).click();
  await page.locator(".el-dialog__footer .el-button--primary:visible").click();
  await page.says("没有符合条件的记录");
  assert.equal((await ask("GET", `/charge-points/${code}`)).booted_at, null);
  const calling = strangerCalls();
  await until(async () => (await ask("GET", `/charge-points/${code}`)).booted_at, "its log-in is admitted");
  calling.catch(() => {});
});

test("a connector is described, taken out of use with a reason, and shown so in both languages", async () => {
  const code = (await ask("GET", "/charge-points")).items[0].code;
  await page.to(`/charge-points/${code}?tab=data`);
  await page.locator(".el-table__row").first().getByRole("button", { name: "修改", exact: true }).click();
  const dialog = page.locator(".el-dialog", { hasText: "修改 1 号枪" });
  await dialog.getByLabel("枪名（桩上标签）").fill("A-01");
  await dialog.getByLabel("车位号").fill("B2-117");
  await dialog.getByText("允许充电").click();
  assert.ok(await dialog.getByRole("button", { name: "保存" }).isDisabled(), "it needs a reason");
  await dialog.getByLabel("停用原因").fill("枪线破损");
  await page.shoot("connector-form-zh");
  await dialog.getByRole("button", { name: "保存" }).click();
  await page.says("枪线破损");
  const [connector] = (await ask("GET", `/charge-points/${code}`)).connectors;
  assert.deepEqual([connector.name, connector.parking_bay, connector.enabled, connector.disabled_reason], ["A-01", "B2-117", false, "枪线破损"]);
  await dialog.waitFor({ state: "hidden" });
  await page.shoot("connector-disabled-zh");
  await page.getByRole("button", { name: "English" }).click();
  await page.says("out of use");
  await page.shoot("connector-disabled-en");
  await page.getByRole("button", { name: "中文" }).click();
});

test("the browser had nothing to complain about", async () => {
  await pause(500);
  assert.deepEqual(page.complaints, []);
  assert.deepEqual([...page.strangers], []);
});
