// The page at "/": every connector of every station, live; in the demo also one driver who charges.

const TEXT = {
  zh: {
    brand: "智能充电云", demo: "演示", docs: "接口文档", language: "English", signOut: "退出", signIn: "登录",
    staffSignIn: "运营人员登录", account: "账号", password: "密码", live: "实时", reconnecting: "正在重新连接…",
    available: "空闲", occupied: "已插枪", charging: "充电中", faulted: "故障", offline: "离线", dc: "直流", ac: "交流",
    startACharge: "开始充电", driver: "车主", balance: "余额", pick: "请在左侧选择一个“已插枪”的充电接口。", connector: "号枪",
    limit: "充到", limit_none: "充满为止", limit_money: "充满金额（元）", limit_energy: "充满电量（kWh）", limit_minutes: "充满时长（分钟）",
    start: "开始充电", stop: "停止充电", stopping: "正在停止…", step_starting: "启动中", step_charging: "充电中",
    step_settling: "结算中", step_settled: "已完成", energy: "电量", power: "功率", soc: "电池电量", fee: "费用",
    bill: "账单", band: "时段", energyFee: "电费", serviceFee: "服务费", total: "合计", sharp: "尖", peak: "峰", flat: "平", valley: "谷",
    recordAgrees: "与充电桩自己的账单一致", recordDiffers: "充电桩自己的账单", again: "再充一次", failed: "没有充成", refund: "冻结的钱已退回",
    estimated: "充电桩还没有上传交易记录，按实时数据结算", orderNo: "订单", noStations: "还没有充电站。",
    paid: "实付", curve: "功率曲线",
  },
  en: {
    brand: "chargecloud", demo: "Demo", docs: "API docs", language: "中文", signOut: "Sign out", signIn: "Sign in",
    staffSignIn: "Staff sign-in", account: "Account", password: "Password", live: "live", reconnecting: "reconnecting…",
    available: "available", occupied: "plugged in", charging: "charging", faulted: "faulted", offline: "offline", dc: "DC", ac: "AC",
    startACharge: "Start a charge", driver: "Driver", balance: "Balance", pick: "Choose a connector that is plugged in.", connector: "",
    limit: "Until", limit_none: "the battery is full", limit_money: "it costs (yuan)", limit_energy: "it gave (kWh)", limit_minutes: "it took (minutes)",
    start: "Start charging", stop: "Stop charging", stopping: "Stopping…", step_starting: "starting", step_charging: "charging",
    step_settling: "settling", step_settled: "done", energy: "Energy", power: "Power", soc: "Battery", fee: "Cost",
    bill: "Bill", band: "Band", energyFee: "energy", serviceFee: "service", total: "Total", sharp: "sharp", peak: "peak", flat: "flat", valley: "valley",
    recordAgrees: "The charge point's own bill agrees", recordDiffers: "The charge point's own bill", again: "Charge again", failed: "The charge did not happen",
    refund: "the money held has been given back", estimated: "No record from the charge point yet: settled by live values", orderNo: "Order",
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
const cents = (yuanText) => yuanText.slice(0, yuanText.indexOf(".") + 3);
const kwh = (mwh, digits = 2) => (mwh / 1e6).toFixed(digits);

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
  const start = path + (path.includes("?") ? "&" : "?") + "limit=200";
  let page = null;
  do {
    page = await call("GET", start + (page ? `&before=${encodeURIComponent(page.next)}` : ""));
    items.push(...page.items);
  } while (page.next !== null);
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
    station.points.sort((one, other) => one.name.localeCompare(other.name, "zh-CN", { numeric: true }));
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
      drawTile(wall.tiles.get(`${point.code}/${number}`), number, state);
    }
  }
  station.tally?.replaceChildren(
    ...STATES.filter((state) => counts[state]).map((state) => h("span", { class: `dot ${state}` }, `${t(state)} ${counts[state]}`)));
}

function drawTile(tile, number, state) {
  if (!tile) return;
  tile.className = `connector ${state}`;
  tile.dataset.state = state;
  tile.disabled = !driver.token || state !== "occupied";
  tile.setAttribute("aria-pressed", String(driver.chosen?.tile === tile));
  tile.children[0].textContent = language === "zh" ? `${number} ${t("connector")}` : `No. ${number}`;
  tile.children[1].textContent = t(state);
}

// ---- the driver of the demo ------------------------------------------------------------------------------------------

const driver = { token: null, name: "", available_fen: 0, chosen: null, order: null, session: null, samples: [], live: null, wrong: "" };
const LIMIT_UNITS = { none: 0, money: 100, energy: 1e6, minutes: 1 };
const STEPS = ["starting", "charging", "settling", "settled"];
const OVER = ["settled", "disputed", "cancelled_no_energy", "failed_no_energy", "closed_by_operator"];
const FAILED = ["cancelled_no_energy", "failed_no_energy"];

async function enterAsVisitor() {
  driver.token = localStorage.getItem("driver-token");
  const known = driver.token && (await call("GET", "/driver", { token: driver.token }).catch(() => null));
  if (known) Object.assign(driver, known);
  else {
    const visitor = await call("POST", "/demo/visitors");
    localStorage.setItem("driver-token", visitor.token);
    Object.assign(driver, { token: visitor.token, name: visitor.name });
  }
  driver.live = new Live(driver.token);
  await refreshBalance();
  const last = (await call("GET", "/orders?limit=1", { token: driver.token })).items[0];
  if (last && !OVER.includes(last.state)) follow(last);
  byId("driver").hidden = false;
  drawDriver();
}

async function refreshBalance() {
  driver.available_fen = (await call("GET", "/wallet", { token: driver.token })).available_fen;
}

function choose(point, number) {
  if (driver.order) return;
  driver.chosen = { point, number, tile: wall.tiles.get(`${point.code}/${number}`) };
  driver.wrong = "";
  wall.stations.forEach(drawTiles);
  drawDriver();
}

async function startCharge(event) {
  event.preventDefault();
  const { point, number } = driver.chosen;
  const form = new FormData(event.target);
  const kind = form.get("kind");
  const value = Math.trunc(Number(form.get("value")) * LIMIT_UNITS[kind]);
  event.target.querySelector("button").disabled = true;
  try {
    const body = { charge_point_code: point.code, connector_no: number, limit: { kind, value } };
    const placed = await call("POST", "/orders", { body, token: driver.token, key: crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}` });
    driver.wrong = "";
    follow(placed.orders[0]);
  } catch (problem) {
    driver.wrong = problem.message;
  }
  drawDriver();
}

function follow(order) {
  Object.assign(driver, { order, session: null, samples: [], detail: null });
  driver.live.watch(`session:${order.session_no}`, (state) => {
    if (!driver.order || driver.order.session_no !== order.session_no) return;
    driver.session = state;
    const last = driver.samples.at(-1);
    if (state.state === "charging" && (!last || last.energy_mwh !== state.energy_mwh || last.power_w !== state.power_w)) {
      driver.samples.push({ at: Date.now(), energy_mwh: state.energy_mwh, power_w: state.power_w });
    }
    if (OVER.includes(state.order_state)) finish(order);
    else drawDriver();
  });
}

async function finish(order) {
  driver.live.forget(`session:${order.session_no}`);
  driver.detail = await call("GET", `/orders/${order.order_no}`, { token: driver.token });
  await refreshBalance();
  drawDriver();
}

async function stopCharge(event) {
  event.target.disabled = true;
  event.target.textContent = t("stopping");
  try {
    await call("POST", `/orders/${driver.order.order_no}/stop`, { body: {}, token: driver.token });
  } catch (problem) {
    driver.wrong = problem.message;
    drawDriver();
  }
}

function chargeAgain() {
  Object.assign(driver, { order: null, session: null, detail: null, chosen: null, samples: [], wrong: "" });
  wall.stations.forEach(drawTiles);
  drawDriver();
}

function drawDriver() {
  const view = driver.detail ? drawBill() : driver.order ? drawSession() : driver.chosen ? drawChoice() : [h("p", { class: "soft" }, t("pick"))];
  const head = h("header", {}, h("h2", {}, t(driver.detail ? "bill" : driver.order ? "step_charging" : "startACharge")),
    h("p", { class: "soft" }, `${driver.name} · ${t("balance")} ¥${yuan(driver.available_fen)}`));
  byId("driver").replaceChildren(head, ...view, ...(driver.wrong ? [h("p", { class: "wrong", role: "alert" }, driver.wrong)] : []));
}

function place(point, number) {
  return `${point.name} · ${language === "zh" ? `${number} ${t("connector")}` : `No. ${number}`} · ${t(point.power_type)} ${point.rated_power_w / 1000} kW`;
}

function drawChoice() {
  const { point, number } = driver.chosen;
  const value = h("input", { name: "value", type: "number", min: "0.1", step: "any", value: "10", hidden: true, "aria-label": t("limit") });
  const kind = h("select", { name: "kind", "aria-label": t("limit"), onchange: () => { value.hidden = kind.value === "none"; } },
    Object.keys(LIMIT_UNITS).map((each) => h("option", { value: each }, t(`limit_${each}`))));
  return [h("p", {}, place(point, number)),
    h("form", { class: "choice", onsubmit: startCharge }, h("div", { class: "limits" }, kind, value), h("button", { type: "submit", class: "main" }, t("start")))];
}

function step(session) {
  if (!session || ["requested", "starting", "awaiting_plug", "unconfirmed"].includes(session.state)) return 0;
  return session.state === "charging" ? 1 : 2;
}

function drawSteps(reached) {
  return h("ol", { class: "steps" }, STEPS.map((name, index) => h("li", { class: index <= reached ? "done" : null }, t(`step_${name}`))));
}

function drawSession() {
  const session = driver.session;
  const reached = step(session);
  const figure = (name, value, unit) => h("div", {}, h("dt", {}, t(name)), h("dd", {}, value, " ", h("small", {}, unit)));
  const figures = h("dl", { class: "figures" },
    figure("energy", kwh(session?.energy_mwh ?? 0, 3), "kWh"), figure("power", ((session?.power_w ?? 0) / 1000).toFixed(1), "kW"),
    figure("soc", session?.soc_pct ? String(session.soc_pct) : "–", "%"), figure("fee", cents(session?.amount_yuan ?? "0.0000"), "¥"));
  const stop = h("button", { type: "button", class: "stop", disabled: reached > 1, onclick: stopCharge }, t(reached > 1 ? "stopping" : "stop"));
  return [h("p", { class: "soft" }, `${t("orderNo")} ${driver.order.order_no}`), drawSteps(reached), figures, drawCurve(driver.samples), stop];
}

// Power over time, as wide as the charge was long.
function drawCurve(samples) {
  const [width, height] = [300, 100];
  const svg = h("svg", { class: "curve", viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none", role: "img", "aria-label": t("curve") },
    h("title", {}, t("curve")), h("line", { x1: 0, y1: height - 1, x2: width, y2: height - 1 }));
  if (samples.length > 1) {
    const [from, to] = [samples[0].at, samples.at(-1).at];
    const most = Math.max(1, ...samples.map((sample) => sample.power_w)) * 1.15;
    const points = samples.map((sample) => `${(((sample.at - from) / Math.max(1, to - from)) * width).toFixed(1)},${(height - (sample.power_w / most) * height).toFixed(1)}`);
    svg.append(h("polygon", { points: `0,${height} ${points.join(" ")} ${width},${height}` }), h("polyline", { points: points.join(" ") }));
  }
  return svg;
}

function drawBill() {
  const order = driver.detail;
  if (FAILED.includes(order.state)) {
    const why = driver.session?.refusal ? ` (${driver.session.refusal})` : "";
    return [h("p", {}, `${t("failed")}${why}; ${t("refund")}`), drawAgain()];
  }
  const head = h("thead", {}, h("tr", {}, ["band", "energy", "energyFee", "serviceFee"].map((name) => h("th", { scope: "col" }, t(name)))));
  const lines = order.bill.map((line) => h("tr", {}, h("td", {}, t(line.band)), h("td", {}, `${kwh(line.energy_mwh, 4)} kWh`),
    h("td", {}, `¥${line.energy_fee_yuan}`), h("td", {}, `¥${line.service_fee_yuan}`)));
  const foot = h("tfoot", {}, h("tr", {}, h("td", {}, t("total")), h("td", {}, `${kwh(order.energy_mwh, 4)} kWh`), h("td", { colspan: 2 }, `${t("paid")} ¥${yuan(order.total_fen)}`)));
  return [h("p", { class: "soft" }, `${t("orderNo")} ${order.order_no}`), drawSteps(3), h("table", {}, head, h("tbody", {}, lines), foot),
    drawCurve(driver.samples), h("p", { class: "verdict" }, compared(order)), drawAgain()];
}

function compared(order) {
  const comparison = order.settlement?.comparison;
  if (!order.settlement?.record_id || comparison?.recorded_amount_yuan === undefined) return t("estimated");
  const { recorded_amount_yuan: recorded, our_amount_yuan: ours } = comparison;
  if (recorded === ours) return `${t("recordAgrees")} ✓ ¥${recorded}`;
  return `${t("recordDiffers")} ¥${recorded} · ${t("total")} ¥${ours}`;
}

function drawAgain() {
  return h("button", { type: "button", class: "main", onclick: chargeAgain }, t("again"));
}

// ---- the page --------------------------------------------------------------------------------------------------------

function translate() {
  document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
  document.title = t("brand");
  for (const element of document.querySelectorAll("[data-text]")) element.textContent = t(element.dataset.text);
  if (wall.live) byId("link-state").textContent = t(byId("link-state").dataset.up ? "live" : "reconnecting");
}

function complain(problem) {
  byId("note").textContent = problem.message;
  byId("note").hidden = false;
}

async function signIn(username, password) {
  await call("POST", "/staff/sign-in", { body: { username, password } });
}

async function open(demo) {
  byId("sign-in").hidden = true;
  byId("sign-out").hidden = Boolean(demo);
  byId("board").classList.toggle("alone", !demo);
  await showWall();
  if (demo) {
    await enterAsVisitor();
    wall.stations.forEach(drawTiles);
  }
}

async function begin() {
  translate();
  byId("language").addEventListener("click", () => {
    language = language === "zh" ? "en" : "zh";
    localStorage.setItem("language", language);
    translate();
    drawWall();
    if (driver.token) drawDriver();
  });
  byId("sign-out").addEventListener("click", async () => {
    await call("POST", "/staff/sign-out", { body: {} }).catch(() => null);
    location.reload();
  });
  byId("sign-in").addEventListener("submit", async (event) => {
    event.preventDefault();
    const form = new FormData(event.target);
    try {
      await signIn(form.get("name"), form.get("password"));
      await open(null);
    } catch (problem) {
      byId("sign-in-wrong").textContent = problem.message;
      byId("sign-in-wrong").hidden = false;
    }
  });
  const demo = await call("GET", "/demo").catch((problem) => (problem.status === 404 ? null : Promise.reject(problem)));
  byId("demo-badge").hidden = !demo;
  byId("docs-link").hidden = !demo;
  const known = await call("GET", "/staff/me").then(() => true, () => false);
  if (demo && !known) await signIn(demo.username, demo.password);
  if (demo || known) await open(demo);
  else byId("sign-in").hidden = false;
}

begin().catch(complain);
