// The phone's screen: what the system draws at its top, and whether it is dark.

export interface TopBar {
  /** Height of the status bar. */
  insetPx: number;
  /** Height of the bar below it. */
  heightPx: number;
  /** Room at the right that the system's own buttons take. */
  rightPx: number;
}

export function topBar(): TopBar {
  // #ifdef MP-WEIXIN
  try {
    const insetPx = uni.getSystemInfoSync().statusBarHeight ?? 20;
    const menu = uni.getMenuButtonBoundingClientRect();
    const width = uni.getSystemInfoSync().windowWidth;
    return { insetPx, heightPx: (menu.top - insetPx) * 2 + menu.height, rightPx: width - menu.left };
  } catch {
    return { insetPx: 20, heightPx: 44, rightPx: 96 };
  }
  // #endif
  // #ifdef H5
  return { insetPx: 0, heightPx: 48, rightPx: 0 };
  // #endif
}

export function systemIsDark(): boolean {
  // #ifdef H5
  return window.matchMedia("(prefers-color-scheme: dark)").matches;
  // #endif
  // #ifdef MP-WEIXIN
  return uni.getSystemInfoSync().theme === "dark";
  // #endif
}

/** Tell when the system changes between light and dark. */
export function onSystemTheme(told: (dark: boolean) => void): void {
  // #ifdef H5
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener?.("change", (event) => told(event.matches));
  // #endif
  // #ifdef MP-WEIXIN
  uni.onThemeChange?.(({ theme }) => told(theme === "dark"));
  // #endif
}

/** The page around our own: its language and its colour behind everything. */
export function dressPage(language: string, dark: boolean): void {
  // #ifdef H5
  document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
  document.documentElement.style.background = dark ? "#0d1311" : "#f3f6f4";
  document.querySelector('meta[name="theme-color"]')?.setAttribute("content", dark ? "#0d1311" : "#f3f6f4");
  // #endif
  // #ifdef MP-WEIXIN
  void language;
  uni.setBackgroundColor?.({ backgroundColor: dark ? "#0d1311" : "#f3f6f4", fail: () => undefined } as UniApp.SetBackgroundColorOptions);
  // #endif
}

export function systemLanguage(): "zh" | "en" {
  // #ifdef H5
  return navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en";
  // #endif
  // #ifdef MP-WEIXIN
  return uni.getSystemInfoSync().language?.toLowerCase().startsWith("en") ? "en" : "zh";
  // #endif
}
