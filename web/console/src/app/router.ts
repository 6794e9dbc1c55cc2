// Routes come from the pages themselves; where one is stands behind the #, so that a reload needs nobody's help.
import { createRouter, createWebHashHistory, type RouteRecordRaw, type Router } from "vue-router";
import pages, { menus, type PageEntry } from "virtual:pages";
import { findSession, opens, session } from "./session";

declare module "vue-router" {
  interface RouteMeta {
    page?: PageEntry;
  }
}

export { pages, menus };

/** The first page that somebody of these permissions and stations has in the menu. */
export function home(): string {
  return pages.find((page) => page.menu && opens(page))?.path ?? "/account";
}

/** Only paths of our own; nothing that an address could smuggle in. */
export function safeNext(next: unknown): string {
  return typeof next === "string" && next.startsWith("/") && !next.startsWith("//") && !next.startsWith("/sign-in") ? next : home();
}

export function makeRouter(): Router {
  const framed: RouteRecordRaw[] = pages
    .filter((page) => !page.bare)
    .map((page) => ({ path: page.path.slice(1), name: page.name, component: page.component, meta: { page } }));
  const bare: RouteRecordRaw[] = pages
    .filter((page) => page.bare)
    .map((page) => ({ path: page.path, component: () => import("./layout/Bare.vue"), children: [{ path: "", name: page.name, component: page.component, meta: { page } }] }));
  const router = createRouter({
    history: createWebHashHistory(),
    routes: [
      { path: "/sign-in", name: "sign-in", component: () => import("./SignIn.vue") },
      ...bare,
      {
        path: "/",
        component: () => import("./layout/Shell.vue"),
        children: [
          { path: "", name: "home", redirect: () => home() },
          { path: "account", name: "account", component: () => import("./Account.vue") },
          ...framed,
          { path: ":rest(.*)*", name: "not-found", component: () => import("./NotFound.vue") },
        ],
      },
    ],
    scrollBehavior: (_to, _from, saved) => saved ?? { top: 0 },
  });
  router.beforeEach(async (to) => {
    if (session.me === undefined) await findSession().catch(() => (session.me = null));
    if (to.name === "sign-in") return session.me ? safeNext(to.query.next) : true;
    if (session.me?.second_factor_missing && to.name !== "account") return { name: "account" };
    if (!session.me) return { name: "sign-in", query: to.fullPath === "/" ? {} : { next: to.fullPath } };
    return true;
  });
  return router;
}
