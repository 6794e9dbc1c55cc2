// The payment sheet. What it says is a hint: whether money came is asked of the server (core/payment.ts).
import type { SheetResult } from "@/core/payment";
import type { AppConfig } from "./config";

/** The five fields, as the server signed them. */
export interface PayFields {
  timeStamp: string;
  nonceStr: string;
  package: string;
  signType: string;
  paySign: string;
}

/** The page a browser comes back to from the cashier's. */
export interface Back {
  page: string;
  query: Record<string, string | number>;
}

export function paySheet(fields: PayFields, back: Back, config: AppConfig): Promise<SheetResult> {
  // #ifdef MP-WEIXIN
  return new Promise((resolve) => {
    uni.requestPayment({
      provider: "wxpay",
      orderInfo: "",
      timeStamp: fields.timeStamp,
      nonceStr: fields.nonceStr,
      package: fields.package,
      signType: fields.signType,
      paySign: fields.paySign,
      success: () => resolve("ok"),
      fail: (error: { errMsg?: string }) => resolve(/cancel/.test(error?.errMsg ?? "") ? "cancel" : "fail"),
    } as unknown as UniApp.RequestPaymentOptions);
  });
  // #endif
  // #ifdef H5
  return webSheet(fields, back, config);
  // #endif
}

interface WechatBridge {
  invoke(name: string, fields: object, answered: (result: { err_msg: string }) => void): void;
}

/** Inside WeChat's browser its bridge; elsewhere the cashier's page, which comes back to ours. */
function webSheet(fields: PayFields, back: Back, config: AppConfig): Promise<SheetResult> {
  const bridge = (globalThis as { WeixinJSBridge?: WechatBridge }).WeixinJSBridge;
  if (bridge) {
    return new Promise((resolve) => {
      bridge.invoke("getBrandWCPayRequest", { appId: config.appid, ...fields }, ({ err_msg }) =>
        resolve(err_msg.endsWith(":ok") ? "ok" : err_msg.endsWith(":cancel") ? "cancel" : "fail"),
      );
    });
  }
  if (!config.cashier_url) return Promise.resolve("fail");
  const joined = (values: object) => Object.entries(values).map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`).join("&");
  const returnUrl = `${location.origin}${location.pathname}#/pages/${back.page}/${back.page}?${joined(back.query)}`;
  const query = joined({ appId: config.appid, ...fields, return_url: returnUrl });
  location.assign(`${config.cashier_url}${config.cashier_url.includes("?") ? "&" : "?"}${query}`);
  return Promise.resolve("left");
}

/** What a browser came back with from the cashier's page, once; null when it did not come from there. */
export function returnedSheet(): SheetResult | null {
  // #ifdef H5
  const said = new URLSearchParams(location.search).get("errMsg");
  if (said === null) return null;
  history.replaceState(history.state, "", `${location.pathname}${location.hash}`);
  return said.endsWith(":ok") ? "ok" : said.endsWith("cancel") ? "cancel" : "fail";
  // #endif
  // #ifdef MP-WEIXIN
  return null;
  // #endif
}

/** Whether there is a payment sheet here at all. */
export function canPay(config: AppConfig): boolean {
  // #ifdef MP-WEIXIN
  return true;
  // #endif
  // #ifdef H5
  return config.cashier_url !== "" || "WeixinJSBridge" in globalThis;
  // #endif
}
