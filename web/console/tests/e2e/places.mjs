// Every page of the console with an address that shows something: routes come from the <page> blocks, examples of details from links in the lists.
import { fileURLToPath } from "node:url";
import { pause, until } from "../../../tools/world.mjs";
import { pagesOf } from "../../tools/pages.mjs";

const PAGES = pagesOf(fileURLToPath(new URL("../../src/features", import.meta.url)));

/** The addresses that a route of vue-router fits. */
export function fits(path) {
  const pattern = path.replace(/:\w+(?:\(([^)]*)\))?/g, (_, own) => `(?:${own ?? "[^/?]+"})`);
  return new RegExp(`^${pattern}$`);
}

/** Until a page shows what it has. */
export async function settled(page) {
  await page.locator("#app :is(.page, .card, main, .screen)").first().waitFor(); // a page may stand without the frame
  await until(async () => (await page.locator(".el-loading-mask:visible").count()) === 0, "the page has loaded");
  await pause(400);
}

const links = (page) => page.locator('a[href^="#/"]').evaluateAll((found) => found.map((link) => link.getAttribute("href").slice(1)));

/** `{ path, address }` of every page; `more` are addresses beside those that lists link to. Pages without an example come with an empty address. */
export async function addresses(page, more = []) {
  const known = new Set(more);
  const visit = async (path) => {
    await page.to(path);
    await settled(page);
    for (const link of await links(page)) known.add(link.split("?")[0]);
  };
  for (const { path } of PAGES.filter((one) => !one.path.includes(":"))) await visit(path);
  const details = () => PAGES.filter((one) => one.path.includes(":")).map(({ path }) => ({ path, address: [...known].find((link) => fits(path).test(link)) ?? "" }));
  for (const { address } of details()) if (address) await visit(address);
  return [...PAGES.filter((one) => !one.path.includes(":")).map(({ path }) => ({ path, address: path })), { path: "/account", address: "/account" }, ...details()];
}

/** What is done on a page and behind each of its tabs. */
export async function behindTabs(page, act) {
  await act("");
  const tabs = page.locator("#main .el-tabs__item:visible");
  for (let at = 1; at < (await tabs.count()); at++) {
    const name = (await tabs.nth(at).innerText()).trim();
    await tabs.nth(at).click();
    await settled(page);
    await act(name);
  }
}
