// Refuses a build that grew too large, then puts it where the Python package serves it from.
import { fileURLToPath } from "node:url";
import { ship } from "../../tools/ship.mjs";
import { firstLoad, MOST_BYTES } from "./budget.mjs";

const place = (path) => fileURLToPath(new URL(path, import.meta.url));
const built = place("../dist");

const bytes = firstLoad(built);
if (bytes > MOST_BYTES) {
  console.error(`the first page loads ${bytes} bytes of script (gzip); it may have ${MOST_BYTES}. Load what it does not need later.`);
  process.exit(1);
}
console.log(`first page: ${bytes} bytes of script (gzip) of ${MOST_BYTES}`);
await ship({
  home: place(".."),
  built,
  target: place("../../../src/chargecloud/main/console/static"),
  sources: ["index.html", "package-lock.json", "vite.config.ts", "tools/pages.mjs", "tools/messages.mjs", "public", "src"],
});
