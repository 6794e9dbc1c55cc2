// The camera. Browsers have none for us: there the number is typed.

export type Scanned = { text: string } | "cancelled" | "unavailable";

export function scan(): Promise<Scanned> {
  // #ifdef MP-WEIXIN
  return new Promise((resolve) => {
    uni.scanCode({
      scanType: ["qrCode", "barCode"],
      success: ({ result, path }) => resolve({ text: result || path || "" }),
      fail: (error: { errMsg?: string }) => resolve(/cancel/.test(error?.errMsg ?? "") ? "cancelled" : "unavailable"),
    });
  });
  // #endif
  // #ifdef H5
  return Promise.resolve("unavailable");
  // #endif
}
