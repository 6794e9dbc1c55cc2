// The page at "/": every connector of every station, live; in the demo also one driver who charges.

const TEXT = {
  zh: {
    brand: "智能充电云", demo: "演示", docs: "接口文档", language: "English", signOut: "退出", signIn: "登录",
    staffSignIn: "运营人员登录", account: "账号", password: "密码", live: "实时", reconnecting: "正在重新连接…",
    available: "空闲", occupied: "已插枪", charging: "充电中", faulted: "故障", offline: "离线", dc: "直流", ac: "交流",
    startACharge: "开始充电", driver: "车主", balance: "余额", pick: "请在左侧选择一个“已插枪”的充电接口。", connector: "号枪",
    limit: "充到", limit_none: "充满为止", limit_money: "充满金额（元）", limit_energy: "充满电量（kWh）", limit_minutes: "充满时长（分钟）",
    start: "开始充电", stop: "停止充电", stopping: "正在停止…", step_starting: "启动中", step_charging: "充电中",
    step_settling: "结算中", step_settled: "已完成", energy: "电量", power: "功率", soc: "电池电量", time: "时长", fee: "费用",
    bill: "账单", band: "时段", energyFee: "电费", serviceFee: "服务费", total: "合计", sharp: "尖", peak: "峰", flat: "平", valley: "谷",
    recordAgrees: "与充电桩自己的账单一致", recordDiffers: "充电桩自己的账单", again: "再充一次", failed: "没有充成", refund: "冻结的钱已退回",
    estimated: "充电桩还没有上传交易记录，按实时数据结算", orderNo: "订单", minutes: "分钟", noStations: "还没有充电站。",
    paid: "实付", curve: "功率曲线",
  },
  en: {
    brand: "chargecloud", demo: "Demo", docs: "API docs", language: "中文", signOut: "Sign out", signIn: "Sign in",
    staffSignIn: "Staff sign-in", account: "Account", password: "Password", live: "live", reconnecting: "reconnecting…",
    available: "available", occupied: "plugged in", charging: "charging", faulted: "faulted", offline: "offline", dc: "DC", ac: "AC",
    startACharge: "Start a charge", driver: "Driver", balance: "Balance", pick: "Choose a connector that is plugged in.", connector: "",
    limit: "Until", limit_none: "the battery is full", limit_money: "it costs (yuan)", limit_energy: "it gave (kWh)", limit_minutes: "it took (minutes)",
    start: "Start charging", stop: "Stop charging", stopping: "Stopping…", step_starting: "starting", step_charging: "charging",
    step_settling: "settling", step_settled: "done", energy: "Energy", power: "Power", soc: "Battery", time: "Time", fee: "Cost",
    bill: "Bill", band: "Band", energyFee: "energy", serviceFee: "service", total: "Total", sharp: "sharp", peak: "peak", flat: "flat", valley: "valley",
    recordAgrees: "The charge point's own bill agrees", recordDiffers: "The charge point's own bill", again: "Charge again", failed: "The charge did not happen",
    refund: "the money held has been given back", estimated: "No record from the charge point yet: settled by live values", orderNo: "Order", minutes: "min",
    noStations: "There is no station yet.", paid: "Paid", curve: "Power curve",
  },
};

let language = localStorage.getItem("language") || (navigator.language.startsWith("zh") ? "zh" : "en");
const t = (key) => TEXT[language][key] ?? key;
const byId = (id) => document.getElementById(id);

// Elements are built from plain values; text never becomes markup.
function h(tag, attributes = {}, ...children) {
  const svg = ["svg", "polyline", "polygon", "line", "title"].includes(tag);
  const element = svg ? document.createElementNS("http://www.w3.org/2000/svg", tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value != null) element.setAttribute(name, value);
  }
  element.append(...children.flat().filter((child) => child != null && child !== false));
  return element;
}

const yuan = (fen) => (fen < 0 ? "-" : "") + Math.trunc(Math.abs(fen) / 100) + "." + String(Math.abs(fen) % 100).padStart(2, "0");
const haoYuan = (hao) => Math.trunc(hao / 10000) + "." + String(hao % 10000).padStart(4, "0");
const kwh = (mwh, digits = 2) => (mwh / 1e6).toFixed(digits);
const clock = (seconds) => [seconds / 3600, (seconds / 60) % 60, seconds % 60].map((n) => String(Math.trunc(n)).padStart(2, "0")).join(":");

// ---- the API ---------------------------------------------------------------------------------------------------------

class Problem extends Error {
  constructor(status, body) {
    super(body?.detail || body?.title || `HTTP ${status}`);
    this.status = status;
    this.code = body?.code;
  }
}

async function call(method, path, { body, token, key } = {}) {
  const headers = { Accept: "application/json" };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (token) headers.Authorization = `Bearer ${token}`;
  if (key) headers["Idempotency-Key"] = key;
  const answer = await fetch(`/api/v1${path}`, {
    method, headers, body: body === undefined ? undefined : JSON.stringify(body), credentials: token ? "omit" : "same-origin",
  });
  const content = answer.status === 204 ? null : await answer.json().catch(() => null);
  if (!answer.ok) throw new Problem(answer.status, content);
  return content;
}

async function all(path) {
  const items = [];
  for (let next = ""; next !== null; ) {
    const page = await call("GET", `${path}${path.includes("?") ? "&" : "?"}limit=200${next && `&before=${encodeURIComponent(next)}`}`);
    items.push(...page.items);
    next = page.next;
  }
  return items;
}

// JSON merge patch (RFC 7396).
function merge(target, patch) {
  if (patch === null || typeof patch !== "object" || Array.isArray(patch)) return patch;
  const result = target && typeof target === "object" && !Array.isArray(target) ? target : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else result[key] = merge(result[key], value);
  }
  return result;
}

// One WebSocket: snapshots, then patches; comes back by itself and subscribes anew.
class Live {
  constructor(token, told = () => {}) {
    Object.assign(this, { token, told, topics: new Map(), socket: null, pause: 1000, closed: false });
    this.open();
  }
  watch(topic, changed) {
    this.topics.set(topic, { state: null, changed });
    this.send("subscribe", topic);
  }
  forget(topic) {
    this.topics.delete(topic);
    this.send("unsubscribe", topic);
  }
  close() {
    this.closed = true;
    this.socket?.close();
  }
  send(op, topic) {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify({ op, topic }));
  }
  async open() {
    try {
      const { ticket } = await call("POST", "/live/tickets", { body: {}, token: this.token });
      const scheme = location.protocol === "https:" ? "wss:" : "ws:";
      this.socket = new WebSocket(`${scheme}//${location.host}/api/v1/live?ticket=${encodeURIComponent(ticket)}`);
    } catch (problem) {
      return this.retry();
    }
    this.socket.onopen = () => {
      this.pause = 1000;
      this.told(true);
      for (const topic of this.topics.keys()) this.send("subscribe", topic);
    };
    this.socket.onmessage = ({ data }) => {
      const message = JSON.parse(data);
      const watched = this.topics.get(message.topic);
      if (!watched) return;
      if ("snapshot" in message) watched.state = message.snapshot;
      else if ("patch" in message) watched.state = merge(watched.state, message.patch);
      watched.changed(watched.state);
    };
    this.socket.onclose = () => this.retry();
  }
  retry() {
    if (this.closed) return;
    this.told(false);
    setTimeout(() => this.open(), this.pause);
    this.pause = Math.min(this.pause * 2, 15000);
  }
}

// ---- the wall of connectors ------------------------------------------------------------------------------------------

const wall = { stations: [], tiles: new Map(), live: null };
const STATES = ["available", "occupied", "charging", "faulted", "offline"];

async function showWall() {
  byId("board").hidden = false;
  wall.stations = await all("/stations");
  wall.live = new Live(null, (up) => {
    byId("link-state").textContent = t(up ? "live" : "reconnecting");
    byId("link-state").dataset.up = up ? "1" : "";
  });
  for (const station of wall.stations) {
    station.points = await all(`/charge-points?station_id=${station.id}`);
    wall.live.watch(`station:${station.id}`, (state) => {
      station.live = state;
      drawTiles(station);
    });
  }
  drawWall();
}

function drawWall() {
  wall.tiles.clear();
  const cards = wall.stations.map((station) => {
    station.tally = h("div", { class: "tally" });
    return h("article", { class: "card" },
      h("div", { class: "station-head" }, h("h2", {}, station.name), h("p", {}, station.address), station.tally),
      h("div", { class: "points" }, station.points.map((point) => drawPoint(point))));
  });
  byId("wall").replaceChildren(...(cards.length ? cards : [h("p", { class: "soft" }, t("noStations"))]));
  wall.stations.forEach(drawTiles);
}

function drawPoint(point) {
  const connectors = [];
  for (let number = 1; number <= point.connector_count; number += 1) {
    const tile = h("button", { type: "button", class: "connector", onclick: () => choose(point, number) }, h("b"), h("small"));
    wall.tiles.set(`${point.code}/${number}`, tile);
    connectors.push(tile);
  }
  const rating = `${t(point.power_type)} ${point.rated_power_w / 1000} kW`;
  return h("section", { class: "point" }, h("header", {}, h("h3", { title: point.code }, point.name || point.code), h("span", {}, rating)),
    h("div", { class: "connectors" }, connectors));
}

function drawTiles(station) {
  const counts = Object.fromEntries(STATES.map((state) => [state, 0]));
  for (const point of station.points ?? []) {
    const live = station.live?.charge_points?.[point.code];
    for (let number = 1; number <= point.connector_count; number += 1) {
      const connector = live?.connectors?.[number];
      const state = live?.online ? (connector?.state ?? "available") : "offline";
      counts[state] += 1;
      drawTile(wall.tiles.get(`${point.code}/${number}`), number, state, connector);
    }
  }
  station.tally?.replaceChildren(
    ...STATES.filter((state) => counts[state]).map((state) => h("span", { class: `dot ${state}` }, `${t(state)} ${counts[state]}`)));
}

function drawTile(tile, number, state, connector) {
  if (!tile) return;
  tile.className = `connector ${state}`;
  tile.dataset.state = state;
  tile.disabled = !driver.token || state !== "occupied";
  tile.setAttribute("aria-pressed", String(driver.chosen?.tile === tile));
  const power = state === "charging" && connector?.power_w ? ` · ${(connector.power_w / 1000).toFixed(1)} kW` : "";
  tile.children[0].textContent = language === "zh" ? `${number} ${t("connector")}` : `No. ${number}`;
  tile.children[1].textContent = t(state) + power;
}

// ---- the driver of the demo ------------------------------------------------------------------------------------------

const driver = { token: null, name: "", available_fen: 0, chosen: null, order: null, session: null, samples: [], live: null, wrong: "" };
const LIMITS = { none: null, money: (n) => ({ max_amount_fen: Math.trunc(n * 100) }), energy: (n) => ({ max_energy_mwh: Math.trunc(n * 1e6) }), minutes: (n) => ({ max_minutes: Math.trunc(n) }) };
