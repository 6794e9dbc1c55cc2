/** The text of src/api/schema.d.ts as docs/openapi.json wants it. */
export function generated(): Promise<string>;
