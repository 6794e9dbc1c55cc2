import { ElMessageBox } from "element-plus";
import { t } from "@/app/i18n";
import { askText } from "@/ui/ask";

/** Why somebody does this; null when they do not after all. It stands in the audit log. */
export const askReason = (title: string, button: string): Promise<string | null> => askText(title, t("drivers.reason.prompt"), { button });

export async function sure(text: string, title: string): Promise<boolean> {
  const answer = await ElMessageBox.confirm(text, title, { type: "warning", confirmButtonText: title, cancelButtonText: t("app.act.cancel") }).catch(() => null);
  return answer !== null;
}
