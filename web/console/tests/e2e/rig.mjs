// A dispatcher's browser; the platform around it is in web/tools/world.mjs.
import { listen, pause, shotsWanted } from "../../../tools/world.mjs";

export { account, python } from "../../../tools/accounts.mjs";

export const DESK = { width: 1440, height: 900 };

/** A browser's page on a desk, with everything it complained about. */
export async function desk(world, options = {}) {
  const context = await world.browser.newContext({ viewport: DESK, locale: "zh-CN", timezoneId: "Asia/Shanghai", acceptDownloads: true, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  const { complaints, strangers } = listen(page);
  return Object.assign(page, {
    complaints,
    strangers,
    to: (path) => page.goto(`${world.base}/#${path}`),
    says: (text, withinMs = 20_000) => page.getByText(text).first().waitFor({ timeout: withinMs }),
    press: (name) => page.getByRole("button", { name, exact: true }).last().click(),
    enter: async ({ username, password }) => {
      await page.goto(`${world.base}/#/sign-in`);
      await page.locator("input[name=username]").fill(username);
      await page.locator("input[name=password]").fill(password);
      await page.locator("button[type=submit]").click();
      const inside = page.locator(".shell").waitFor({ timeout: 60_000 });
      await inside.catch(async (error) => {
        throw new Error(`${error.message}\nthe page says: ${await page.locator("body").innerText()}\nand complains: ${complaints.join("; ")}`);
      });
    },
    /** A picture for the manual, once everything has come in and nothing moves any more. */
    shoot: async (name) => {
      if (!shotsWanted) return;
      await pause(900);
      await page.screenshot({ path: `${shotsWanted}/console/${name}.png`, scale: "css" });
    },
  });
}
