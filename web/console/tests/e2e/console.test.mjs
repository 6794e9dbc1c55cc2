// A dispatcher's work in a real browser, against the real platform and its virtual charge points.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, afterEach, before, test } from "node:test";
import { chromium } from "playwright-core";
import { pause, shotsWanted, until, World } from "../../../tools/world.mjs";
import { account, desk } from "./rig.mjs";

const world = new World(chromium);
let boss;
let page;
let token;
let place;

const ask = (method, path, body, more = {}) => world.call(method, path, { body, token, ...more });

before(async () => {
  await world.start();
  boss = await account(world, "administrator", "dispatch-e2e");
  token = (await world.call("POST", "/staff/sign-in", { body: boss })).token;
  page = await desk(world);
  place = await world.plugged();
}, { timeout: 180_000 });
afterEach(async (context) => {
  if (shotsWanted && !context.passed) await page.screenshot({ path: `${shotsWanted}/failed-${context.name.slice(0, 20)}.png` });
});
after(() => world.stop(), { timeout: 60_000 });

test("a wrong password is told, and after five the door waits", async () => {
  const stranger = await desk(world);
  await stranger.goto(`${world.base}/`);
  await stranger.says("登录运营后台");
  await stranger.says("演示环境");
  for (let turn = 0; turn < 5; turn++) {
    await stranger.locator("input[name=username]").fill("nobody-e2e");
    await stranger.locator("input[name=password]").fill("wrong password");
    await stranger.locator("button[type=submit]:enabled").click();
    await stranger.says("账号或密码不对");
    await until(async () => (await stranger.locator("input[name=password]").inputValue()) === "", "the password is cleared");
  }
  await stranger.locator("input[name=password]").fill("wrong password");
  await stranger.locator("button[type=submit]:enabled").click();
  await stranger.says(/尝试次数过多，请在 \d+ 秒后再试/);
  assert.ok(await stranger.locator("button[type=submit]").isDisabled());
  await stranger.context().close();
});

test("a browser that keeps no cookie is told so, instead of standing at the door", async () => {
  const bare = await desk(world);
  await bare.route("**/api/v1/staff/sign-in", async (route) => {
    const answer = await route.fetch();
    await bare.context().clearCookies();
    const headers = Object.fromEntries(Object.entries(answer.headers()).filter(([name]) => name !== "set-cookie"));
    await route.fulfill({ response: answer, headers });
  });
  await bare.goto(`${world.base}/#/sign-in`);
  await bare.locator("input[name=username]").fill(boss.username);
  await bare.locator("input[name=password]").fill(boss.password);
  await bare.locator("button[type=submit]").click();
  await bare.says("浏览器没有保存登录状态");
  await bare.context().close();
});

test("signs in, and a deep link comes first to the sign-in, then to where it leads, and survives a reload", async () => {
  await page.goto(`${world.base}/#/charge-points?online=true`);
  await page.says("登录运营后台");
  await page.shoot("sign-in");
  await page.locator("input[name=username]").fill(boss.username);
  await page.locator("input[name=password]").fill(boss.password);
  await page.locator("button[type=submit]").click();
  await page.locator(".el-table__row").first().waitFor();
  assert.match(page.url(), /#\/charge-points\?online=true$/);
  await page.reload();
  await page.locator(".el-table__row").first().waitFor();
  assert.match(page.url(), /online=true/);
  assert.ok((await page.locator(".el-table__row").count()) > 5);
});

const PAGES = async () => {
  const [station] = (await ask("GET", "/stations")).items;
  return ["/wall", "/running", "/alarms", "/stations", "/charge-points", "/account", `/stations/${station.id}`, ...["", "commands", "frames", "sessions", "alarms", "data"].map((tab) => `/charge-points/${place.code}${tab && `?tab=${tab}`}`)];
};

test("every page opens in both languages, light and dark, without a complaint and without an untranslated word", async () => {
  for (const [language, other] of [["zh", "English"], ["en", "中文"]]) {
    for (const path of await PAGES()) {
      await page.to(path);
      await page.locator("#main .page").first().waitFor();
      await until(async () => (await page.locator(".el-loading-mask:visible").count()) === 0, `${path} has loaded`);
      await pause(500);
      const words = (await page.locator("body").innerText()).replace(/[a-z]+\.(read|write|command)\b/g, "");
      assert.doesNotMatch(words, /\b(app|stations|sessions|orders|alarms)\.[a-z]+\.?[a-zA-Z.]*\b/, `${language} ${path}: a key instead of a text`);
      assert.equal(await page.locator("#main .problem").count(), 0, `${language} ${path}: ${words.slice(0, 2000)}`);
      const name = path.replace(/^\//, "").replace(/\/\d{14}/, "-one").replace(/\/\d+/, "-one").replace("?tab=", "-");
      if (language === "zh" || !path.includes("?")) await page.shoot(`${name}-${language}`);
    }
    await page.getByRole("button", { name: other }).click();
  }
  await page.getByRole("button", { name: "切换深色、浅色" }).click();
  for (const path of ["/wall", `/charge-points/${place.code}`, "/charge-points"]) {
    await page.to(path);
    await page.locator("#main .page").first().waitFor();
    await pause(1500);
    await page.shoot(`${path.replace(/^\//, "").replace(/\/\d{14}/, "-one")}-dark`);
  }
  assert.ok(await page.evaluate(() => document.documentElement.classList.contains("dark")));
  await page.getByRole("button", { name: "切换深色、浅色" }).click();
  assert.deepEqual(page.complaints, []);
});

test("finds a charge point by a few digits of its code with the keyboard alone", async () => {
  await page.to("/wall");
  await page.locator(".station").first().waitFor();
  await page.keyboard.press("Control+k");
  await page.locator(".palette input").fill(place.code.slice(0, 9));
  await page.locator(".palette .hit", { hasText: place.code }).waitFor();
  await page.shoot("search");
  await page.keyboard.press("Enter");
  await page.waitForURL((url) => url.hash.includes(place.code));
});

test("the wall shows a dead charge point, and two clicks say since when and what it said last", async () => {
  await page.to("/wall");
  await page.locator(".tile").first().waitFor();
  await page.locator(".legend .offline").click();
  assert.match(page.url(), /state=offline/);
  const off = page.locator(".tile.offline:visible").first();
  if (await off.count()) {
    await off.click();
    await page.says(/离线，自/);
  } else await page.says("没有“离线”的枪");
  await page.to("/wall?state=charging");
});

test("a command from the charge point page ends with its outcome", async () => {
  await page.to(`/charge-points/${place.code}?tab=commands`);
  await page.press("对时");
  await page.locator(".el-table__row", { hasText: "对时" }).first().getByText("成功").waitFor({ timeout: 40_000 });
  const [last] = (await ask("GET", `/charge-points/${place.code}/commands?limit=1`)).items;
  assert.equal(last.kind, "SyncClock");
  assert.match(last.requested_by, /dispatch-e2e/);
});

test("starts a charge for a driver, sees it run live, and stops it", async () => {
  const driver = await ask("POST", "/drivers", { name: "来电车主" });
  await ask("POST", `/drivers/${driver.id}/top-ups`, { amount_fen: 10_000, reason: "end to end" }, { key: "top-up-e2e-1" });
  await page.to(`/charge-points/${place.code}?connector=${place.no}`);
  const card = page.locator(".connector").nth(place.no - 1);
  await card.getByRole("button", { name: "代车主启动" }).click();
  await page.locator(".el-dialog .driver-select input").fill("来电车主");
  await page.locator(".el-select-dropdown__item:visible", { hasText: "来电车主" }).click();
  await page.shoot("start");
  await page.locator(".el-dialog__footer .el-button--primary:visible").click();
  await card.getByText("充电中").first().waitFor({ timeout: 100_000 });
  const energy = async () => Number((await card.locator(".big b").nth(1).innerText()).replace(",", ""));
  await until(async () => (await energy()) > 0, "energy that flows", 90_000);
  const before = await energy();
  await until(async () => (await energy()) > before, "energy that grows by itself", 60_000);
  await until(async () => page.evaluate(() => {
    const canvas = document.querySelector(".chart canvas");
    if (!canvas) return false;
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    return data.some((value, index) => index % 4 === 3 && value > 0);
  }), "ink on the curve", 30_000);
  await page.says("需求与输出", 60_000);
  await page.shoot("charging");
  await page.to("/running");
  await page.locator(".el-table__row", { hasText: place.code }).first().waitFor();
  await page.to(`/charge-points/${place.code}?connector=${place.no}`);
  await card.getByRole("button", { name: "停止充电" }).click();
  await page.locator(".el-message-box .el-button--primary").click();
  await until(async () => {
    const [order] = (await ask("GET", `/orders?driver_id=${driver.id}`)).items;
    return order.state === "settled" && order.total_fen > 0;
  }, "a settled order", 120_000, 1000);
});

test("frames are decoded field by field, found by what they say, and stand still when paused", async () => {
  await page.to(`/charge-points/${place.code}?tab=frames`);
  await page.locator(".frames .line").first().waitFor();
  await page.locator(".frames .find input").fill("0x13");
  await until(async () => {
    const types = await page.locator(".frames .line .type").allTextContents();
    return types.length > 0 && types.every((text) => text === "0x13");
  }, "only samples");
  await page.locator(".frames .line").first().click();
  await page.locator(".frames .detail th", { hasText: "output_voltage" }).waitFor();
  await page.press("暂停");
  await pause(1000); // What was asked for before the press may still come.
  await page.locator(".frames .find input").fill("");
  const shown = () => page.locator(".frames .line .num").allTextContents();
  await page.locator(".frames .line .type", { hasNotText: "0x13" }).first().waitFor();
  const before = await shown();
  assert.ok(before.length > 1 && before.every((text) => /^\d\d:\d\d:\d\d$/.test(text)), `lines with their time: ${before.slice(0, 3)}`);
  await pause(5000);
  assert.deepEqual(await shown(), before);
});

test("an asset is entered, changed, moved to a file as text that no spreadsheet runs, and deleted", async () => {
  await page.to("/stations");
  await page.press("新建充电站");
  const fields = page.locator(".el-dialog input");
  await fields.nth(0).fill("=HYPERLINK(\"http://x\")<img src=x onerror=alert(1)>");
  await fields.nth(1).fill("测试路 1 号");
  await page.locator(".el-dialog__footer .el-button--primary:visible").click();
  await page.locator(".el-table__row", { hasText: "测试路" }).waitFor();
  const exportNow = async () => {
    await page.press("导出");
    await page.getByRole("menuitem", { name: /^CSV，当前列/ }).click();
  };
  const [saved] = await Promise.all([page.waitForEvent("download"), exportNow()]);
  const text = readFileSync(await saved.path(), "utf8");
  assert.ok(text.startsWith("\uFEFF"), "Excel knows it as UTF-8");
  assert.ok(text.includes("\"'=HYPERLINK("), "a formula is only text");
  assert.equal(await page.locator("img[src=x]").count(), 0, "what was typed stays text");
  const { items } = await ask("GET", "/stations?name=HYPERLINK");
  await ask("DELETE", `/stations/${items[0].id}`);
});

test("who may only read sees no button that writes, and the platform refuses it too", async () => {
  const visitor = await desk(world);
  await visitor.enter({ username: "demo", password: "demo123" });
  for (const path of ["/stations", "/charge-points", `/charge-points/${place.code}`, "/alarms", "/running"]) {
    await visitor.to(path);
    await visitor.locator("#main .page").first().waitFor();
    await pause(1000);
    for (const word of ["新建充电站", "登记充电桩", "修改", "对时", "重启", "代车主启动", "停止充电", "确认", "关闭"]) {
      assert.equal(await visitor.locator("#main").getByRole("button", { name: word, exact: true }).count(), 0, `${path}: ${word}`);
    }
  }
  const status = await visitor.evaluate(async (code) => (await fetch(`/api/v1/charge-points/${code}/commands`, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ kind: "reboot" }) })).status, place.code);
  assert.equal(status, 403);
  assert.deepEqual(visitor.complaints, []);
  await visitor.context().close();
});

test("a session that ends leads to the sign-in and back to where one was", async () => {
  await page.to("/alarms?state=open");
  await page.locator("#main .page").first().waitFor();
  await page.context().clearCookies();
  await page.press("刷新");
  await page.says("登录已过期");
  await page.locator("input[name=username]").fill(boss.username);
  await page.locator("input[name=password]").fill(boss.password);
  await page.locator("button[type=submit]").click();
  await page.waitForURL((url) => url.hash === "#/alarms?state=open");
});

test("nothing was asked of strangers, and the browser had nothing to complain about", () => {
  assert.deepEqual([...page.strangers], []);
  assert.deepEqual(page.complaints, []);
});
