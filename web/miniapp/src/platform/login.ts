// How a person proves who they are: wx.login inside WeChat, a page of WeChat's in a browser.
import type { AppConfig } from "./config";

export interface WechatCode {
  appid: string;
  code: string;
}

/** A code without asking anybody; null where that cannot be had. */
export function silentCode(): Promise<WechatCode | null> {
  // #ifdef MP-WEIXIN
  return new Promise((resolve) => {
    uni.login({
      provider: "weixin",
      success: ({ code }) => resolve({ appid: uni.getAccountInfoSync().miniProgram.appId, code }),
      fail: () => resolve(null),
    });
  });
  // #endif
  // #ifdef H5
  return Promise.resolve(null);
  // #endif
}

/** Whether this person can sign in with WeChat here. */
export function canUseWechat(config: AppConfig): boolean {
  // #ifdef MP-WEIXIN
  return true;
  // #endif
  // #ifdef H5
  return config.sign_in_url !== "";
  // #endif
}

const STATE_KEY = "sign-in-state";

/** In a browser: leave for WeChat's page, which comes back with a code. Inside WeChat there is nowhere to go. */
export function leaveForCode(config: AppConfig, state: string): void {
  // #ifdef H5
  sessionStorage.setItem(STATE_KEY, state);
  const back = `${location.origin}${location.pathname}`;
  const separator = config.sign_in_url.includes("?") ? "&" : "?";
  const query = [
    `appid=${encodeURIComponent(config.appid)}`,
    `redirect_uri=${encodeURIComponent(back)}`,
    "response_type=code",
    "scope=snsapi_base",
    `state=${encodeURIComponent(state)}`,
  ].join("&");
  location.assign(`${config.sign_in_url}${separator}${query}#wechat_redirect`);
  // #endif
}

/** The code a browser came back with, once; a code that was not asked for from here is not used. */
export function returnedCode(): string | null {
  // #ifdef H5
  const query = new URLSearchParams(location.search);
  const code = query.get("code");
  if (!code) return null;
  const asked = sessionStorage.getItem(STATE_KEY);
  sessionStorage.removeItem(STATE_KEY);
  history.replaceState(history.state, "", `${location.pathname}${location.hash}`);
  return asked && query.get("state") === asked ? code : null;
  // #endif
  // #ifdef MP-WEIXIN
  return null;
  // #endif
}
