// The real mp-weixin output in WeChat's own WXML compiler, on a real WebSocket: sign-in, live page, payment, reconnect.
const { start, until } = require("./phone.cjs");
const { FIELDS, ORDER, Platform, SESSION } = require("./server.cjs");

let platform;
let phone;

beforeAll(async () => {
  platform = new Platform();
  await platform.ready;
  phone = start(platform);
});
afterAll(() => {
  phone.switchOff();
  return platform.stop();
});

test("the app signs in by wx.login as it is launched, and logs in to the socket with the token it got", async () => {
  await until(() => platform.logins.length === 1, "a login on the socket");
  const signIn = platform.seen.find((one) => one.path === "/driver/sign-in");
  expect(JSON.parse(signIn.body)).toMatchObject({ channel: "wechat", code: "code-1", appid: "wxdriver0000000001" });
  expect(platform.logins[0]).toEqual({ cmd: "login", src: "wx", dst: "srv", uid: "oX1", msg: { token: platform.token, device_id: platform.device } });
  expect(phone.asked.sockets).toHaveLength(1);
});

describe("the live page", () => {
  let shown;
  afterAll(() => shown.close());

  test("shows what the socket says, and moves with it", async () => {
    shown = phone.open("charging", { order: ORDER.order_no });
    await until(() => shown.text().includes("0.76"), () => shown.text());
    expect(shown.text()).toContain("58.0");
    expect(shown.text()).toContain("1.23");
    platform.socket.say("patch", { topic: `session:${SESSION.session_no}`, patch: { energy_mwh: 1_905_000, power_w: 61_500, amount_yuan: "3.0999" } });
    await until(() => shown.text().includes("1.90"), () => shown.text());
    expect(shown.text()).toContain("61.5");
    expect(shown.text()).toContain("3.09");
  });

  test("comes back by itself three seconds after the connection was cut, with one socket, and asks for its topic again", async () => {
    const before = platform.logins.length;
    const watched = platform.watched;
    const cutAt = Date.now();
    platform.socket.terminate();
    await until(() => shown.text().includes("正在恢复"), () => shown.text());
    await until(() => platform.logins.length === before + 1, "another login");
    expect(Date.now() - cutAt).toBeGreaterThanOrEqual(2900);
    expect(Date.now() - cutAt).toBeLessThan(5500);
    expect(phone.asked.most).toBe(1);
    await until(() => platform.watched === watched + 1, "the topic asked for again");
    platform.socket.say("patch", { topic: `session:${SESSION.session_no}`, patch: { energy_mwh: 2_400_000 } });
    await until(() => shown.text().includes("2.40") && !shown.text().includes("正在恢复"), () => shown.text());
  });

  test("signs in anew when its token has ended, without asking anybody", async () => {
    const token = platform.token;
    platform.token = "ended";
    platform.socket.close(4401);
    await until(() => platform.token !== "ended" && platform.logins[platform.logins.length - 1].msg.token === platform.token, "a login with a new token");
    expect(platform.token).not.toBe(token);
    expect(platform.codes).toBeGreaterThanOrEqual(2);
  });

  test("stays away after a kick until somebody taps", async () => {
    const before = platform.logins.length;
    await until(() => platform.socket.readyState === 1, "a connection");
    platform.socket.say("kick", { reason: "elsewhere" });
    platform.socket.close(4409);
    await until(() => shown.text().includes("在这里继续"), () => shown.text());
    await new Promise((resolve) => setTimeout(resolve, 4200));
    expect(platform.logins).toHaveLength(before);
    shown.tap(".screen--banner-act");
    await until(() => platform.logins.length === before + 1, "a login after the tap");
  });
});

test("paying calls wx.requestPayment with the five fields, and believes the server alone", async () => {
  const shown = phone.open("topup", {});
  await until(() => shown.text().includes("支付 50.00 元"), () => shown.text());
  shown.tap(".screen--foot wx-button");
  await until(() => phone.asked.payments.length === 1, () => shown.text());
  expect(phone.asked.payments[0]).toMatchObject(FIELDS);
  const made = platform.seen.filter((one) => one.method === "POST" && one.path === "/driver/payments");
  expect(made).toHaveLength(1);
  expect(JSON.parse(made[0].body)).toEqual({ channel: "wechat", plan_id: 1 });
  await until(() => shown.text().includes("支付确认中"), () => shown.text());
  platform.paid = true;
  await until(() => shown.text().includes("充值成功"), () => shown.text());
  shown.close();
});

test("every page of the app renders and complains of nothing", async () => {
  const complaints = [];
  const complain = jest.spyOn(console, "error").mockImplementation((...words) => complaints.push(`${name}: ${String(words[0]?.stack ?? words[0]).slice(0, 300)}`));
  const bare = [];
  let name = "";
  for (name of phone.pages()) {
    const shown = phone.open(name, { id: "3", no: ORDER.order_no, order: ORDER.order_no, code: ORDER.charge_point_code });
    await until(() => shown.host.querySelector("[class$=--screen], [class*='--screen ']") !== null, `${name} shows something`, 2000).catch(() => bare.push(name));
    await new Promise((resolve) => setTimeout(resolve, 100));
    shown.close();
  }
  complain.mockRestore();
  expect(bare).toEqual([]);
  expect(complaints).toEqual([]);
}, 120_000);

