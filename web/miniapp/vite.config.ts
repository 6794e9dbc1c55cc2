import uni from "@dcloudio/vite-plugin-uni";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

// The plug-in is CommonJS: depending on who loads this file, its function is the export or the export's default.
const plugin = (uni as unknown as { default?: typeof uni }).default ?? uni;

export default defineConfig({
  base: "./",
  plugins: [plugin()],
  resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
  define: {
    // Neither a mini program nor our Content-Security-Policy lets texts be compiled to functions.
    __INTLIFY_JIT_COMPILATION__: true,
    __VUE_I18N_FULL_INSTALL__: false,
    __VUE_I18N_LEGACY_API__: false,
  },
  server: { proxy: { "/api": "http://127.0.0.1:8080", "/websocket": { target: "ws://127.0.0.1:8080", ws: true } } },
});
