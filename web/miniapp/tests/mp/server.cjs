// A platform for the phone of these tests: REST answers by table, and the drivers' socket as docs/drivers-socket.md describes it, on a
// real port. It checks what it is told as strictly as the true one.
const { WebSocketServer } = require("ws");

const ORDER = {
  order_no: "2026112520000012345678", session_no: "32010600000001012611252000000001", operator_id: 1, station_id: 3, charge_point_code: "32010600000001",
  connector_no: 1, driver_id: 7, method: "app", card_label: "", parallel_no: "", limit: { kind: "none", value: 0 }, tariff_version_id: 1, pass_id: null,
  hold_fen: 5000, hold_open: true, state: "charging", flags: [], energy_mwh: 0, energy_fee_fen: 0, service_fee_fen: 0, total_fen: 0, refund_fen: null,
  placed_at: "2026-11-25T20:00:00.000+08:00", started_at: "2026-11-25T20:00:20.000+08:00", ended_at: null, settled_at: null, bill: [], usage_bill: [], two_wheel_limits: null, bill_record_id: null, comparison: {}, stop_class: null, payment_no: null,
  settlement: null, corrections: [], timeline: [],
};
const SESSION = {
  session_no: ORDER.session_no, order_no: ORDER.order_no, state: "charging", soc_pct: 45, soc_start_pct: 44, power_w: 58_000, voltage_mv: 400_000,
  current_ma: 145_000, energy_mwh: 760_000, amount_yuan: "1.2300", charged_s: 60, remaining_s: 1200, requested_at: ORDER.placed_at,
  evidence_at: "2026-11-25T20:01:20.000+08:00", stop_reason: "", refusal: "",
};
const WALLET = { driver_id: 7, cash_fen: 10_000, held_fen: 5000, available_fen: 5000, arrears_fen: 0, gift_fen: 0 };
const FIELDS = { timeStamp: "1764072000", nonceStr: "n0n5e", package: "prepay_id=wx25", signType: "RSA", paySign: "c2lnbmVk" };

class Platform {
  constructor() {
    this.codes = 0;
    this.token = "";
    this.seen = [];
    this.logins = [];
    this.watched = 0;
    this.paid = false;
    this.wallet = { ...WALLET };
    this.socketServer = new WebSocketServer({ port: 0, host: "127.0.0.1" });
    this.socketServer.on("connection", (socket) => this.welcome(socket));
    this.ready = new Promise((resolve) => this.socketServer.once("listening", resolve));
  }

  get socketUrl() {
    return `ws://127.0.0.1:${this.socketServer.address().port}/websocket`;
  }

  nextCode() {
    this.codes += 1;
    return `code-${this.codes}`;
  }

  // ---- REST ---------------------------------------------------------------------------------------------------------

  request(options) {
    const method = options.method ?? "GET";
    const path = new URL(options.url, "https://platform.test").pathname.replace("/api/v1", "");
    this.seen.push({ method, path, body: options.data, header: options.header });
    const [statusCode, data] = this.answer(method, path, options);
    setTimeout(() => {
      const result = { statusCode, data: typeof data === "string" ? data : JSON.stringify(data), header: { Date: new Date().toUTCString() } };
      options.success?.(result);
      options.complete?.(result);
    }, 5);
    return { abort() {} };
  }

  answer(method, path, options) {
    const open = { "POST /driver/sign-in": () => this.signIn(JSON.parse(options.data)), "GET /m/config.json": () => [200, { templates: [] }] };
    const asked = `${method} ${path}`;
    if (asked === "GET /m/config.json") return [200, { title: "", templates: [] }];
    if (open[asked]) return open[asked]();
    if (options.header?.Authorization !== `Bearer ${this.token}` || !this.token) return [401, { code: "not_signed_in", detail: "请重新登录" }];
    if (method === "POST" && /payments$|orders$|refunds$/.test(path) && !/^[A-Za-z0-9._:-]{8,}$/.test(options.header["Idempotency-Key"] ?? "")) {
      return [422, { code: "invalid_request", detail: "Idempotency-Key" }];
    }
    const table = {
      "GET /wallet": this.wallet,
      [`GET /orders/${ORDER.order_no}`]: ORDER,
      [`GET /sessions/${ORDER.session_no}`]: SESSION,
      [`GET /sessions/${ORDER.session_no}/samples`]: { items: [], next: null },
      "GET /driver/top-up-plans": [{ id: 1, name: "五十", amount_fen: 5000, gift_fen: 0, max_per_driver: 0 }],
    };
    if (table[asked]) return [200, table[asked]];
    if (asked === "POST /driver/payments") {
      return [201, { payment_no: "P1", amount_fen: 5000, gift_fen: 0, state: "prepaid", expires_at: ORDER.placed_at, client: FIELDS }];
    }
    if (asked === "POST /driver/payments/P1/check") return [200, { payment_no: "P1", amount_fen: 5000, gift_fen: 0, state: this.paid ? "paid" : "prepaid", expires_at: ORDER.placed_at }];
    return [404, { code: "no_such_path", detail: `${asked} is not in the table` }];
  }

  signIn(body) {
    if (body.code !== `code-${this.codes}` || body.channel !== "wechat" || !/^[A-Za-z0-9._-]{8,64}$/.test(body.device_id) || body.appid !== "wxdriver0000000001") {
      return [401, { code: "code_invalid", detail: JSON.stringify(body) }];
    }
    this.token = `token-${this.codes}-0123456789`;
    this.device = body.device_id;
    return [201, { openid: "oX1", token: this.token, token_id: 1, expires_at: ORDER.placed_at, driver_id: 7, new_driver: true, phone_masked: "" }];
  }

  // ---- the socket ---------------------------------------------------------------------------------------------------

  welcome(socket) {
    this.socket = socket;
    let known = false;
    const say = (cmd, msg) => socket.send(JSON.stringify({ cmd, src: "srv", dst: "wx", uid: known ? "oX1" : "", msg }));
    socket.say = say;
    socket.on("message", (data) => {
      const message = JSON.parse(data.toString());
      if (Object.keys(message).some((name) => !["cmd", "src", "dst", "uid", "msg"].includes(name))) return socket.close(1008);
      if (message.cmd === "login") {
        this.logins.push(message);
        if (message.msg?.token !== this.token || message.msg?.device_id !== this.device) {
          say("login", { ok: false, code: "not_signed_in", message: "" });
          return socket.close(4401);
        }
        known = true;
        say("login", { ok: true, openid: "oX1", driver_id: 7, server_time: new Date().toISOString() });
        return say("state", this.state());
      }
      if (!known) return socket.close(4401);
      if (message.cmd === "state") return say("state", this.state());
      if (message.cmd === "ping") return say("pong", { server_time: new Date().toISOString() });
      if (message.cmd === "watch") {
        for (const topic of message.msg.topics) say("snapshot", { topic, snapshot: SESSION });
        this.watched += 1;
      }
    });
  }

  state() {
    return {
      server_time: new Date().toISOString(), driver: { id: 7, name: "微信车主", phone_masked: "", frozen: false }, wallet: this.wallet, payments: {},
      orders: { [ORDER.order_no]: { ...ORDER, order_state: "charging", session: SESSION } },
    };
  }

  stop() {
    for (const client of this.socketServer.clients) client.terminate();
    return new Promise((resolve) => this.socketServer.close(resolve));
  }
}

module.exports = { FIELDS, ORDER, Platform, SESSION };
