// What browser tests of both web apps stand on: the real platform with its demo stations, a WeChat of one's own, a wire that can be cut, a browser.
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
export const PYTHON = process.env.CHARGECLOUD_PYTHON ?? join(ROOT, ".venv/bin/python");
const BROWSER = process.env.CHROMIUM ?? ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find((path) => existsSync(path));

export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

export async function until(seen, what, withinMs = 20_000, everyMs = 100) {
  const giveUp = Date.now() + withinMs;
  let last;
  while (Date.now() < giveUp) {
    try {
      last = await seen();
      if (last) return last;
    } catch (error) {
      last = error;
    }
    await pause(everyMs);
  }
  throw new Error(`not within ${withinMs} ms: ${what} (last: ${last})`);
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** What the browser reaches the platform through; `cut` breaks every WebSocket and lets no new one through for a while. */
class Wire {
  constructor(target) {
    this.target = target;
    this.live = new Set();
    this.closedUntil = 0;
    this.server = createServer((near) => this.pass(near));
  }

  async open() {
    this.port = await freePort();
    await new Promise((resolve) => this.server.listen(this.port, "127.0.0.1", resolve));
  }

  pass(near) {
    const far = connect(this.target, "127.0.0.1");
    const end = () => {
      near.destroy();
      far.destroy();
      this.live.delete(end);
    };
    for (const side of [near, far]) side.on("error", end).on("close", end);
    near.once("data", (first) => {
      if (first.includes("Upgrade: websocket")) {
        if (Date.now() < this.closedUntil) return end();
        this.live.add(end);
      }
      far.write(first);
      near.pipe(far);
      far.pipe(near);
    });
  }

  cut(ms) {
    this.closedUntil = Date.now() + ms;
    for (const end of [...this.live]) end();
  }

  close() {
    for (const end of [...this.live]) end();
    return new Promise((resolve) => {
      this.server.close(resolve);
      this.server.closeAllConnections?.();
      setTimeout(resolve, 500);
    });
  }
}

/** One platform and one browser for a file of tests; `chromium` is that of the app's own playwright-core, `settings` go beside the usual ones. */
export class World {
  constructor(chromium, settings = {}) {
    this.chromium = chromium;
    this.settings = settings;
  }

  /** `settings`: of the platform, besides those of every test. */
  async start(settings = {}) {
    if (!BROWSER) throw new Error("no Chromium: install the package chromium, or name one with CHROMIUM=/path");
    this.directory = mkdtempSync(join(tmpdir(), "chargecloud-e2e-"));
    [this.httpPort, this.ykcPort, this.dnyPort] = await Promise.all([freePort(), freePort(), freePort()]);
    this.programs = [];
    this.wire = new Wire(this.httpPort);
    await this.wire.open();
    this.demo = this.run(["demo"], {
      CHARGECLOUD_DATA_DIR: join(this.directory, "data"),
      CHARGECLOUD_HTTP__PORT: String(this.httpPort),
      CHARGECLOUD_HTTPS__ENABLED: "false",
      CHARGECLOUD_MINIAPP__HOTLINE: "400 820 0000",
      ...settings,
      CHARGECLOUD_LISTENERS: JSON.stringify([
        { protocol: "ykc16", host: "127.0.0.1", port: this.ykcPort },
        { protocol: "dny", host: "127.0.0.1", port: this.dnyPort },
      ]),
      ...this.settings,
    });
    await until(async () => (await fetch(`http://127.0.0.1:${this.httpPort}/readyz`)).ok, "the platform", 90_000).catch((error) => {
      throw new Error(`${error.message}\n${this.demo.said}`);
    });
    // The demo has a WeChat of its own; refunds arrive there in seconds instead of minutes.
    this.wechatPort = await until(() => /fake WeChat http:\/\/127\.0\.0\.1:(\d+)\/connect/.exec(this.demo.said)?.[1], "the demo's WeChat");
    await this.control("world", { speed: 100 });
    this.browser = await this.chromium.launch({ executablePath: BROWSER, args: ["--no-sandbox", "--disable-dev-shm-usage"] });
    return this;
  }

  run(words, settings = {}) {
    const clean = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("CHARGECLOUD_")));
    const program = spawn(PYTHON, ["-m", "chargecloud.main", ...words], { cwd: this.directory, env: { ...clean, ...settings, PYTHONUNBUFFERED: "1" } });
    program.said = "";
    for (const stream of [program.stdout, program.stderr]) stream.on("data", (text) => (program.said += text));
    program.over = new Promise((resolve) => program.once("exit", resolve));
    this.programs.push(program);
    return program;
  }

  get base() {
    return `http://127.0.0.1:${this.wire.port}`;
  }
  get wechat() {
    return `http://127.0.0.1:${this.wechatPort}`;
  }

  async stop() {
    await this.browser?.close();
    await this.wire?.close();
    for (const program of this.programs ?? []) program.kill("SIGTERM");
    await Promise.race([Promise.all((this.programs ?? []).map((program) => program.over)), pause(20_000)]);
    for (const program of this.programs ?? []) program.kill("SIGKILL");
    if (this.directory) rmSync(this.directory, { recursive: true, force: true });
  }

  // ---- the platform's own people ------------------------------------------------------------------------------------

  /** The operations account, whose password the demo prints. */
  async staff() {
    if (!this.staffToken) {
      const password = await until(() => /yunying \/ (\S+)/.exec(this.demo.said)?.[1], "the banner of the demo");
      this.staffToken = (await this.call("POST", "/staff/sign-in", { body: { username: "yunying", password } })).token;
    }
    return this.staffToken;
  }

  async call(method, path, { body, token, key } = {}) {
    const answer = await fetch(`http://127.0.0.1:${this.httpPort}/api/v1${path}`, {
      method,
      headers: {
        ...(body ? { "Content-Type": "application/json" } : {}),
        ...(token ? { Authorization: `Bearer ${token}` } : {}),
        ...(key ? { "Idempotency-Key": key } : {}),
      },
      body: body && JSON.stringify(body),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return text ? JSON.parse(text) : null;
  }

  async control(path, body) {
    const answer = await fetch(`${this.wechat}/control/${path}`, body && { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
    return answer.json();
  }

  /** A connector of the car stations in which somebody has plugged a car, other than those named. */
  async plugged(not = []) {
    return until(async () => {
      for (const station of (await this.call("GET", "/driver/stations")).items.filter((one) => one.cars)) {
        const page = await this.call("GET", `/driver/stations/${station.id}`);
        for (const point of page.charge_points.filter((one) => one.name.startsWith("快充 0") && one.name < "快充 06")) {
          const port = point.connectors.find((one) => one.state === "occupied" && !not.includes(`${point.code}/${one.connector_no}`));
          if (port && point.power_type === "dc") return { code: point.code, no: port.connector_no, station: page };
        }
      }
      return null;
    }, "a plugged connector", 90_000, 1000);
  }
}

/** Hears what a page complains about, and which other hosts it asks. */
export function listen(page, silent = /WebSocket connection|net::ERR|Failed to load resource/) {
  const complaints = [];
  const strangers = new Set();
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => {
    // A cut wire is announced by the browser itself; everything else is ours.
    if (message.type() === "error" && !silent.test(message.text())) complaints.push(message.text());
  });
  page.on("request", (request) => {
    const { host, protocol } = new URL(request.url());
    if (!["data:", "blob:"].includes(protocol) && !host.startsWith("127.0.0.1:")) strangers.add(request.url());
  });
  return { complaints, strangers };
}

/** Where pictures go: SHOTS=docs/manual makes those of the manual anew. */
export const shotsWanted = process.env.SHOTS ?? "";
