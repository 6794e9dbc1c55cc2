// A phone's browser for the driver's way; the platform around it is in web/tools/world.mjs.
import { listen, pause, shotsWanted, until } from "../../../tools/world.mjs";

export const PHONE = { width: 390, height: 844 };

/** A browser's page as a phone, with everything it complained about. */
export async function phone(world, options = {}) {
  const context = await world.browser.newContext({ viewport: PHONE, deviceScaleFactor: 2, locale: "zh-CN", timezoneId: "America/New_York", ...options });
  const page = await context.newPage();
  const { complaints, strangers } = listen(page);
  return Object.assign(page, {
    complaints,
    strangers,
    /** As from a link outside of the app: loaded anew, with nothing on the page before. */
    to: async (path) => {
      await page.goto("about:blank");
      await page.goto(`${world.base}/m/#/pages/${path}`);
    },
    token: () => page.evaluate(() => JSON.parse(localStorage.getItem("session")).data.token),
    /** As somebody WeChat has not known before. */
    signIn: async (name) => {
      await page.goto(`${world.base}/m/#/pages/signin/signin`);
      await page.locator(".tick").click();
      await page.locator("uni-page-body uni-button:visible", { hasText: "微信一键登录" }).last().click();
      await page.waitForURL((url) => url.port === String(world.wechatPort));
      await page.fill("#name", name);
      await page.locator("#new button").click();
      await page.waitForURL((url) => url.port === String(world.wire.port));
      await until(async () => (await page.evaluate(() => localStorage.getItem("session"))) !== null, "a session on the phone");
    },
    button: (text) => page.locator("uni-page-body uni-button:visible", { hasText: text }).last(),
    press: (text) => page.locator("uni-page-body uni-button:visible", { hasText: text }).last().click(),
    says: (text, withinMs = 20_000) => page.locator("uni-page-body").getByText(text).first().waitFor({ timeout: withinMs }),
    words: () => page.locator("uni-page-body").innerText(),
    /** A picture for the manual, once everything has come in and nothing moves any more. */
    shoot: async (name) => {
      if (!shotsWanted) return;
      await pause(700);
      await page.screenshot({ path: `${shotsWanted}/${name}.png`, scale: "css" });
    },
  });
}
