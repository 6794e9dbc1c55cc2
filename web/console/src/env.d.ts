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
    /** It is not for who is limited to some stations. */
    whole?: boolean;
    /** It fills the screen, without the frame around other pages. */
    bare?: boolean;
    component: () => Promise<{ default: Component }>;
  }
  const pages: PageEntry[];
  export default pages;
  export const menus: string[];
}

declare module "vue-i18n/dist/vue-i18n.runtime.esm-bundler.js" {
  export * from "vue-i18n";
}
