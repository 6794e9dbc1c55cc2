// Ways between pages.
import { t } from "@/i18n";
import { signedIn } from "@/state/session";

export type Query = Record<string, string | number | undefined | null>;

function url(page: string, query: Query): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== null && value !== "");
  const text = given.map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`).join("&");
  return `/pages/${page}/${page}${text ? `?${text}` : ""}`;
}

/** Pages that show what is somebody's; the others may be looked at by anybody who is signed in or not. */
const OWN = new Set(["charging", "prepay", "orders", "order", "wallet", "topup", "refund", "journal", "cards", "vehicles", "feedbacks", "feedback", "answer"]);

export function go(page: string, query: Query = {}): void {
  if (OWN.has(page) && !signedIn()) {
    uni.navigateTo({ url: url("signin", { then: url(page, query) }) });
    return;
  }
  uni.navigateTo({ url: url(page, query) });
}

/** In place of this page, so that "back" does not lead to a start that was made already. */
export function goInstead(page: string, query: Query = {}): void {
  uni.redirectTo({ url: url(page, query) });
}

export function goBackTo(then: string): void {
  if (then) uni.redirectTo({ url: then });
  else if (getCurrentPages().length > 1) uni.navigateBack();
  else uni.reLaunch({ url: "/pages/home/home" });
}

export function ask(text: string): Promise<boolean> {
  return new Promise((resolve) => {
    uni.showModal({
      content: text,
      confirmText: t("ok"),
      cancelText: t("cancel"),
      success: ({ confirm }) => resolve(confirm),
      fail: () => resolve(false),
    });
  });
}

export function say(text: string): void {
  uni.showToast({ title: text, icon: "none", duration: 3000 });
}

/** Values of a page's query come encoded on some platforms and decoded on others; ours hold no percent sign. */
export function plain(query: Record<string, string | undefined> | undefined): Record<string, string> {
  const result: Record<string, string> = {};
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value === undefined) continue;
    try {
      result[name] = decodeURIComponent(value);
    } catch {
      result[name] = value;
    }
  }
  return result;
}
