// Puts the built web app where the Python package serves it from.
import { fileURLToPath } from "node:url";
import { ship } from "../../tools/ship.mjs";

const place = (path) => fileURLToPath(new URL(path, import.meta.url));

await ship({
  home: place(".."),
  built: place("../dist/build/h5"),
  target: place("../../../src/chargecloud/main/miniapp/static"),
  sources: ["index.html", "package-lock.json", "vite.config.ts", "src"],
  // The framework's style sheet wants a shadow below its own title bar, which we do not show, from a stranger's host.
  tidy: (text) => text.replace(/https:\/\/cdn\.dcloud\.net\.cn\/[^)"']+/g, "data:,"),
});
