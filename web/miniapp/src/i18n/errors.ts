// What a person is told of a problem: our own sentence where there is one, else what the server said in Chinese.
import { Problem } from "@/core/problem";
import { language, t, tOr } from "./index";

export function told(error: unknown): string {
  if (!(error instanceof Problem)) return t("err_unexpected");
  if (error.retryAfterS > 0 && (error.status === 429 || error.status === 503)) {
    return t("err_rate", { n: Math.ceil(error.retryAfterS) });
  }
  const otherwise = language() === "zh" && /[\u4e00-\u9fff]/.test(error.detail) ? error.detail : t("err_unexpected");
  return tOr(`err_${error.code}`, otherwise);
}
