/// <reference types="vite/client" />

declare module "virtual:pages" {
  import type { Component } from "vue";

  /** A page as its <page> block describes it. */
  export interface PageEntry {
    name: string;
    path: string;
    /** Key of its title among the texts. */
    title: string;
    /** The menu it stands in; pages without one are reached from others. */
    menu?: string;
    order?: number;
    /** What one has to be allowed to see it. */
    permission?: string;
    /** Path of the page whose menu entry is lit meanwhile. */
    under?: string;
    component: () => Promise<{ default: Component }>;
  }
  const pages: PageEntry[];
  export default pages;
  export const menus: string[];
}

declare module "vue-i18n/dist/vue-i18n.runtime.esm-bundler.js" {
  export * from "vue-i18n";
}
