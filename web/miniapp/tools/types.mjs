// Writes src/api/schema.d.ts from docs/openapi.json, reduced to what the app asks for; `--check` only compares.
import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import openapiTS, { astToString } from "openapi-typescript";

const DOCUMENT = new URL("../../../docs/openapi.json", import.meta.url);
const TARGET = new URL("../src/api/schema.d.ts", import.meta.url);

/** Schemas that src/api/endpoints.ts names; what they refer to comes along. */
const NAMED = new URL("../src/api/endpoints.ts", import.meta.url);

export async function generated() {
  const document = JSON.parse(await readFile(DOCUMENT, "utf8"));
  const schemas = document.components.schemas;
  const wanted = new Set([...(await readFile(NAMED, "utf8")).matchAll(/S\["(\w+)"\]/g)].map((match) => match[1]));
  const kept = {};
  const take = (name) => {
    if (name in kept) return;
    if (!(name in schemas)) throw new Error(`docs/openapi.json has no schema ${name}; src/api/endpoints.ts names it`);
    kept[name] = schemas[name];
    for (const [, other] of JSON.stringify(schemas[name]).matchAll(/#\/components\/schemas\/([^"]+)"/g)) take(other);
  };
  for (const name of wanted) take(name);
  const sorted = Object.fromEntries(Object.entries(kept).sort(([one], [other]) => (one < other ? -1 : 1)));
  const part = { openapi: document.openapi, info: document.info, paths: {}, components: { schemas: sorted } };
  const text = astToString(await openapiTS(part, { alphabetize: true }));
  return `// Generated from docs/openapi.json by \`npm run types\`; do not edit.\n${text}`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const text = await generated();
  if (process.argv.includes("--check")) {
    if ((await readFile(TARGET, "utf8")) !== text) {
      console.error("src/api/schema.d.ts is not what docs/openapi.json says; run `npm run types`");
      process.exit(1);
    }
  } else {
    await writeFile(TARGET, text);
    console.log("wrote src/api/schema.d.ts");
  }
}
