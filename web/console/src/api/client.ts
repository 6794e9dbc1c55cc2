// The platform's API: paths, parameters and answers are typed by docs/openapi.json. Whatever is not a success is thrown as a Problem.
import createClient from "openapi-fetch";
import { problemOf } from "./problem";
import type { components, paths } from "./schema";

export type Schemas = components["schemas"];

let whenSignedOut = () => {};

/** Who is told when the session has ended meanwhile. */
export function onSignedOut(act: () => void): void {
  whenSignedOut = act;
}

export const api = createClient<paths>({ baseUrl: "/", headers: { Accept: "application/json" } });

api.use({
  onRequest({ request }) {
    // A write with a session cookie has to be JSON, even when it has nothing to say.
    if (request.method !== "GET" && !request.headers.has("Content-Type")) request.headers.set("Content-Type", "application/json");
  },
  async onResponse({ response, schemaPath }) {
    if (response.ok) return;
    if (response.status === 401 && !schemaPath.startsWith("/api/v1/staff/sign-")) whenSignedOut();
    throw await problemOf(response);
  },
});

/** What a call answered: `const page = await ok(api.GET("/api/v1/stations"))`. */
export async function ok<T>(call: Promise<{ data?: T }>): Promise<T> {
  return (await call).data as T;
}

/** A page of a list, as every list of the API gives it. */
export interface Page<Row> {
  items: Row[];
  next: string | null;
}

/** A key chosen once for an act that must not happen twice. */
export function newKey(): string {
  return crypto.randomUUID?.() ?? [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
