// Writes src/api/schema.d.ts from docs/openapi.json. It is not committed: lint, check, test and build make it anew.
import { mkdir, readFile, writeFile } from "node:fs/promises";
import openapiTS, { astToString } from "openapi-typescript";

const DOCUMENT = new URL("../../../docs/openapi.json", import.meta.url);
const TARGET = new URL("../src/api/schema.d.ts", import.meta.url);

const text = astToString(await openapiTS(JSON.parse(await readFile(DOCUMENT, "utf8"))));
const whole = `// Generated from docs/openapi.json by \`npm run types\`; do not edit.\n${text}`;
if ((await readFile(TARGET, "utf8").catch(() => "")) !== whole) {
  await mkdir(new URL(".", TARGET), { recursive: true });
  await writeFile(TARGET, whole);
}
