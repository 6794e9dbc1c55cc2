// What the operator has configured for the app; the platform serves it beside the web app.
import { apiBase } from "./origin";

export interface AppConfig {
  title: string;
  hotline: string;
  appid: string;
  /** Where a browser is sent to sign in with WeChat; empty: only inside WeChat. */
  sign_in_url: string;
  /** Where a browser is sent to pay; empty: only inside WeChat. */
  cashier_url: string;
  map_key: string;
  /** Subscribe message templates, at most three. */
  templates: string[];
}

const NONE: AppConfig = {
  title: "", hotline: "", appid: "", sign_in_url: "", cashier_url: "", map_key: "", templates: [],
};

let known: Promise<AppConfig> | null = null;

/** Asked for once; a failure is asked for again next time. */
export function appConfig(): Promise<AppConfig> {
  known ??= fetchConfig().catch(() => {
    known = null;
    return NONE;
  });
  return known;
}

function fetchConfig(): Promise<AppConfig> {
  return new Promise((resolve, reject) => {
    uni.request({
      url: `${apiBase()}/m/config.json`,
      timeout: 10_000,
      success: ({ statusCode, data }) =>
        statusCode === 200 ? resolve({ ...NONE, ...(data as Partial<AppConfig>) }) : reject(new Error(String(statusCode))),
      fail: reject,
    });
  });
}
