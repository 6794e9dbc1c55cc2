// A question that is answered with a text: why something is done.
import { ElMessageBox } from "element-plus";
import { t } from "@/app/i18n";

/** What was typed, trimmed; null when it was called off. `least` 0 admits no text at all. */
export async function askText(title: string, text: string, { button, most = 200, least = 1 }: { button: string; most?: number; least?: number }): Promise<string | null> {
  const answer = await ElMessageBox.prompt(text, title, {
    confirmButtonText: button,
    cancelButtonText: t("app.act.cancel"),
    inputType: "textarea",
    inputValidator: (value) => {
      const length = (value ?? "").trim().length;
      return length < least ? t("app.act.required") : length <= most;
    },
  }).catch(() => null);
  return answer ? ((answer as { value?: string | null }).value ?? "").trim() : null;
}
