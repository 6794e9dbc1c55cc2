// `virtual:pages`: every features/*/pages/*.vue with what its <page> block says; routes and menu are made of it.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const VIRTUAL = "virtual:pages";
const BLOCK = /<page>([\s\S]*?)<\/page>/;
const MENUS = ["workbench", "live", "alarms", "orders", "assets", "prices", "customers", "finance", "statistics", "tools", "system"];
const KNOWN = { path: "string", title: "string", menu: "string", order: "number", permission: "string", under: "string", bare: "boolean", whole: "boolean" };

/** What the <page> block of a page says, checked. */
export function pageOf(source, file) {
  const block = BLOCK.exec(source)?.[1];
  if (!block) throw new Error(`${file}: a page needs a <page> block, see web/console/README.md`);
  const said = JSON.parse(block);
  for (const [name, value] of Object.entries(said)) {
    if (typeof value !== KNOWN[name]) throw new Error(`${file}: <page> does not know ${name}: ${JSON.stringify(value)}`);
  }
  if (!said.path?.startsWith("/") || !said.title) throw new Error(`${file}: <page> needs a path that begins with / and a title`);
  if (said.menu && !MENUS.includes(said.menu)) throw new Error(`${file}: <page> menu is one of ${MENUS.join(", ")}`);
  return said;
}

/** All pages below a folder of features, in order of the menus. */
export function pagesOf(features) {
  const found = [];
  for (const feature of readdirSync(features, { withFileTypes: true }).filter((entry) => entry.isDirectory())) {
    const folder = join(features, feature.name, "pages");
    let names = [];
    try {
      names = readdirSync(folder).filter((name) => name.endsWith(".vue"));
    } catch {
      continue;
    }
    for (const name of names) {
      const file = `${feature.name}/pages/${name}`;
      found.push({ ...pageOf(readFileSync(join(folder, name), "utf8"), file), file, name: `${feature.name}.${name.slice(0, -4)}` });
    }
  }
  const place = (page) => [MENUS.indexOf(page.menu ?? "system"), page.order ?? 1000, page.path];
  found.sort((one, other) => {
    const [a, b] = [place(one), place(other)];
    return a[0] - b[0] || a[1] - b[1] || (a[2] < b[2] ? -1 : 1);
  });
  const paths = found.map((page) => page.path);
  const twice = paths.find((path, index) => paths.indexOf(path) !== index);
  if (twice) throw new Error(`two pages have the path ${twice}`);
  return found;
}

export function pages(features) {
  return {
    name: "pages",
    enforce: "pre",
    resolveId: (id) => (id === VIRTUAL ? `\0${VIRTUAL}` : null),
    load(id) {
      if (id !== `\0${VIRTUAL}`) return null;
      const entries = pagesOf(features).map(({ file, ...page }) => {
        this.addWatchFile?.(join(features, file));
        return `{...${JSON.stringify(page)}, component: () => import("@/features/${file}")}`;
      });
      return `export default [${entries.join(",\n")}];\nexport const menus = ${JSON.stringify(MENUS)};`;
    },
    transform: (_code, id) => (/[?&]vue&type=page/.test(id) ? { code: "export default () => {}", map: null } : null),
  };
}
