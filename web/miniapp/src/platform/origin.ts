// Where the platform is.

export function apiBase(): string {
  // #ifdef MP-WEIXIN
  return (import.meta.env.VITE_API_BASE ?? "https://example.invalid").replace(/\/$/, "");
  // #endif
  // #ifdef H5
  return "";
  // #endif
}

export function socketUrl(): string {
  // #ifdef MP-WEIXIN
  return `${apiBase().replace(/^http/, "ws")}/websocket`;
  // #endif
  // #ifdef H5
  return `${location.protocol === "https:" ? "wss:" : "ws:"}//${location.host}/websocket`;
  // #endif
}
