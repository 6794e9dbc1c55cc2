import { fileURLToPath } from "node:url";
import vue from "@vitejs/plugin-vue";
import { ElementPlusResolver } from "unplugin-vue-components/resolvers";
import components from "unplugin-vue-components/vite";
import { defineConfig } from "vite";
import { messages } from "./tools/messages.mjs";
import { pages } from "./tools/pages.mjs";

const place = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  base: "./",
  plugins: [
    pages(place("./src/features")),
    messages(),
    vue(),
    components({ dirs: [], dts: false, resolvers: [ElementPlusResolver({ importStyle: "css", directives: true })] }),
  ],
  resolve: { alias: { "@": place("./src"), "vue-i18n": "vue-i18n/dist/vue-i18n.runtime.esm-bundler.js" } },
  define: { __VUE_I18N_FULL_INSTALL__: false, __VUE_I18N_LEGACY_API__: false, __INTLIFY_PROD_DEVTOOLS__: false, __VUE_OPTIONS_API__: true },
  build: {
    target: "es2022",
    chunkSizeWarningLimit: 700,
    rolldownOptions: {
      output: {
        // What changes together stays together: a changed page does not make browsers fetch the framework anew.
        codeSplitting: {
          groups: [
            { name: "charts", test: /node_modules[\\/](echarts|zrender)[\\/]/ },
            { name: "vue", test: /node_modules[\\/](@?vue|@intlify|vue-i18n|vue-router|@tanstack|openapi-fetch)[\\/]/ },
          ],
        },
      },
    },
  },
  server: { proxy: { "/api": { target: "http://127.0.0.1:8080", ws: true }, "/config.json": "http://127.0.0.1:8080" } },
});
