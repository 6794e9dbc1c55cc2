// REST under /api/v1, typed by the generated schema: problems become Problem, the server's clock is learnt on the way.
import { epochMs, ServerClock } from "@/core/time";
import { Problem, type ProblemBody } from "@/core/problem";
import { apiBase } from "@/platform/origin";

export const clock = new ServerClock();

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
export interface Call {
  query?: Record<string, string | number | undefined>;
  body?: object;
  /** Idempotency-Key: the same for every repetition of one act. */
  key?: string;
  /** For what is larger than usual. */
  timeoutMs?: number;
}

const TIMEOUT_MS = 15_000;
let token: () => string = () => "";
let renew: () => Promise<boolean> = () => Promise.resolve(false);

export function useToken(ask: () => string): void {
  token = ask;
}

/** What to do when the server knows the token no longer; with true the request is made once more. */
export function onSignedOut(act: () => Promise<boolean>): void {
  renew = act;
}

export async function call<T>(method: Method, path: string, options: Call = {}): Promise<T> {
  const used = token();
  try {
    return await once<T>(method, path, options, used);
  } catch (error) {
    if (!(error instanceof Problem) || error.status !== 401 || !used || path === "/driver/sign-out") throw error;
    const renewed = token() !== used ? token() !== "" : await renew().catch(() => false);
    if (!renewed) throw error;
    return once<T>(method, path, options, token());
  }
}

function once<T>(method: Method, path: string, { query, body, key, timeoutMs }: Call, bearer: string): Promise<T> {
  const header: Record<string, string> = { Accept: "application/json" };
  if (bearer) header.Authorization = `Bearer ${bearer}`;
  if (key) header["Idempotency-Key"] = key;
  if (body !== undefined) header["Content-Type"] = "application/json";
  return new Promise<T>((resolve, reject) => {
    uni.request({
      url: `${apiBase()}/api/v1${path}${queryText(query)}`,
      method: method as "GET",
      header,
      // Text, so that no platform makes a form or a query of it.
      ...(body === undefined ? {} : { data: JSON.stringify(body) }),
      timeout: timeoutMs ?? TIMEOUT_MS,
      dataType: "text",
      success: (answer) => {
        learn(answer.header as Record<string, string>);
        const content = json(answer.data);
        if (answer.statusCode >= 200 && answer.statusCode < 300) resolve(content as T);
        else reject(new Problem(answer.statusCode, (content ?? {}) as ProblemBody, retryAfter(answer.header as Record<string, string>)));
      },
      fail: () => reject(new Problem(0)),
    });
  });
}

/** A picture that only its owner may see, as what an image shows. */
export function picture(path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    uni.request({
      url: `${apiBase()}/api/v1${path}`,
      header: { Authorization: `Bearer ${token()}` },
      responseType: "arraybuffer",
      timeout: TIMEOUT_MS,
      success: ({ statusCode, data }) => (statusCode === 200 ? resolve(`data:image/jpeg;base64,${uni.arrayBufferToBase64(data as ArrayBuffer)}`) : reject(new Problem(statusCode))),
      fail: () => reject(new Problem(0)),
    });
  });
}

export function queryText(query: Call["query"]): string {
  const given = Object.entries(query ?? {}).filter(([, value]) => value !== undefined && value !== "");
  return given.length ? `?${given.map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`).join("&")}` : "";
}

function json(data: unknown): unknown {
  if (typeof data !== "string") return data ?? null;
  if (!data) return null;
  try {
    return JSON.parse(data);
  } catch {
    return null;
  }
}

function headerOf(headers: Record<string, string> | undefined, name: string): string {
  const found = Object.keys(headers ?? {}).find((one) => one.toLowerCase() === name);
  return found ? String(headers![found]) : "";
}

function learn(headers: Record<string, string> | undefined): void {
  clock.learn(epochMs(headerOf(headers, "date")));
}

function retryAfter(headers: Record<string, string> | undefined): number {
  const seconds = Number(headerOf(headers, "retry-after"));
  return Number.isFinite(seconds) ? seconds : 0;
}
