// A phone for the real mp-weixin output: WeChat's globals as stubs, its sockets as real WebSockets, its pages in miniprogram-simulate.
const { readdirSync } = require("node:fs");
const path = require("node:path");
const exparser = require("miniprogram-exparser");
const simulate = require("miniprogram-simulate");
const { WebSocket } = require("ws");

const utils = require("miniprogram-simulate/src/utils");

const BUILT = path.resolve(__dirname, "../../dist/build/mp-weixin");

/** What the stub of `wx` has been asked, and what it answers. */
function makeWx(server, asked) {
  const storage = new Map();
  const done = (options, result = {}) => {
    options?.success?.(result);
    options?.complete?.(result);
  };
  const failed = (options, errMsg) => {
    options?.fail?.({ errMsg });
    options?.complete?.({ errMsg });
  };
  const system = {
    SDKVersion: "3.8.0", brand: "phone", devicePixelRatio: 3, language: "zh_CN", model: "phone", pixelRatio: 3, platform: "ios",
    screenHeight: 844, screenWidth: 390, statusBarHeight: 47, system: "iOS 17", theme: "light", version: "8.0.50", windowHeight: 844, windowWidth: 390,
    safeArea: { top: 47, bottom: 810, left: 0, right: 390, width: 390, height: 763 }, safeAreaInsets: { top: 47, bottom: 34, left: 0, right: 0 },
  };
  const wx = {
    getSystemInfoSync: () => system,
    getSystemInfo: (options) => done(options, system),
    getWindowInfo: () => system,
    getDeviceInfo: () => system,
    getAppBaseInfo: () => system,
    getAppAuthorizeSetting: () => ({}),
    getSystemSetting: () => ({}),
    getLaunchOptionsSync: () => ({ path: "pages/home/home", query: {}, scene: 1001 }),
    getEnterOptionsSync: () => ({ path: "pages/home/home", query: {}, scene: 1001 }),
    getAccountInfoSync: () => ({ miniProgram: { appId: "wxdriver0000000001" } }),
    getMenuButtonBoundingClientRect: () => ({ top: 51, bottom: 83, left: 296, right: 383, width: 87, height: 32 }),
    getStorageSync: (key) => storage.get(key) ?? "",
    setStorageSync: (key, value) => storage.set(key, value),
    removeStorageSync: (key) => storage.delete(key),
    setStorage: (options) => done(options),
    getStorageInfoSync: () => ({ keys: [...storage.keys()] }),
    login: (options) => done(options, { code: server.nextCode() }),
    canIUse: () => true,
    onAppShow() {},
    onAppHide() {},
    onThemeChange() {},
    onMemoryWarning() {},
    onNetworkStatusChange() {},
    onUnhandledRejection() {},
    onError() {},
    setBackgroundColor: (options) => done(options),
    requestSubscribeMessage: (options) => done(options),
    getLocation: (options) => failed(options, "getLocation:fail auth deny"),
    createSelectorQuery: () => {
      const query = { in: () => query, select: () => query, boundingClientRect: () => query, exec: () => query };
      return query;
    },
    createIntersectionObserver: () => ({ observe() {}, disconnect() {}, relativeToViewport() {} }),
    nextTick: (act) => setTimeout(act, 0),
    requestPayment: (options) => {
      asked.payments.push(options);
      setTimeout(() => done(options, { errMsg: "requestPayment:ok" }), 10);
    },
    request: (options) => server.request(options),
    connectSocket: (options) => {
      asked.sockets.push(options.url);
      return socketTask(server.socketUrl, options, asked);
    },
  };
  for (const name of ["navigateTo", "redirectTo", "reLaunch", "navigateBack", "showToast", "showModal", "hideToast", "setClipboardData"]) {
    wx[name] = (options) => {
      asked.calls.push({ name, ...options });
      done(options, name === "showModal" ? { confirm: true, cancel: false } : {});
    };
  }
  return wx;
}

/** A SocketTask as WeChat's, over a real connection. */
function socketTask(url, options, asked) {
  const socket = new WebSocket(url);
  asked.open.add(socket);
  socket.on("close", () => asked.open.delete(socket));
  asked.most = Math.max(asked.most, asked.open.size);
  setTimeout(() => options.complete?.({}), 0);
  return {
    send: ({ data }) => socket.send(data),
    close: ({ code = 1000 } = {}) => (socket.readyState === WebSocket.CONNECTING ? socket.terminate() : socket.close(code)),
    onOpen: (told) => socket.on("open", () => told({})),
    onMessage: (told) => socket.on("message", (data) => told({ data: data.toString() })),
    onClose: (told) => socket.on("close", (code) => told({ code })),
    onError: (told) => socket.on("error", (error) => told({ errMsg: error.message })),
  };
}

/** Scripts of components run once, as in WeChat; miniprogram-simulate wants each defined anew for every page that uses it. */
function defineAnew() {
  const define = global.Component;
  const known = new Map();
  const run = utils.runJs;
  let running = "";
  global.Component = (options) => {
    known.set(running, options);
    return define(options);
  };
  utils.runJs = (script) => {
    const before = running;
    running = script;
    if (known.has(script)) define({ ...known.get(script) });
    else run(script);
    running = before;
  };
}

/** The app, launched; `open(page, query)` shows a page. */
function start(server) {
  const asked = { payments: [], sockets: [], calls: [], open: new Set(), most: 0 };
  const pages = [];
  let app = null;
  global.wx = makeWx(server, asked);
  global.App = (options) => {
    app = options;
  };
  global.getApp = () => app;
  global.getCurrentPages = () => pages;
  global.Page = (options) => global.Component(options);
  defineAnew();
  global.__wxConfig = {};
  require(path.join(BUILT, "app.js"));
  app.onLaunch?.({ path: "pages/home/home", query: {}, scene: 1001 });
  app.onShow?.({ path: "pages/home/home", query: {}, scene: 1001 });

  // The scripts of a page run once, as in WeChat; its instances are many.
  const loaded = new Map();
  function open(name, query = {}) {
    if (!loaded.has(name)) loaded.set(name, simulate.load(path.join(BUILT, `pages/${name}/${name}`), { rootPath: BUILT, compiler: "official" }));
    const page = simulate.render(loaded.get(name));
    const host = document.createElement("div");
    document.body.append(host);
    page.attach(host);
    const instance = page.instance;
    instance.route = `pages/${name}/${name}`;
    pages.push(instance);
    instance.onLoad?.(query);
    instance.onShow?.();
    instance.onReady?.();
    return {
      page,
      host,
      text: () => host.textContent,
      tap: (selector, index = 0) => {
        const all = host.querySelectorAll(selector);
        const node = all[index];
        if (!node) throw new Error(`there is no ${selector} among: ${host.innerHTML.slice(0, 1500)}`);
        exparser.Event.dispatchEvent(node.__wxElement, exparser.Event.create("tap", {}, { bubbles: true, composed: true, capturePhase: true }));
      },
      close: () => {
        instance.onUnload?.();
        page.detach();
        host.remove();
        pages.splice(pages.indexOf(instance), 1);
      },
    };
  }
  /** No more connections: what still waits to come back finds a socket that never opens. */
  function switchOff() {
    global.wx.connectSocket = () => ({ send() {}, close() {}, onOpen() {}, onMessage() {}, onClose() {}, onError() {} });
  }
  return { app, asked, open, switchOff, pages: () => readdirSync(path.join(BUILT, "pages")) };
}

async function until(seen, what, withinMs = 12_000) {
  const giveUp = Date.now() + withinMs;
  while (Date.now() < giveUp) {
    if (seen()) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error(`not within ${withinMs} ms: ${typeof what === "function" ? what() : what}`);
}

module.exports = { BUILT, start, until };
