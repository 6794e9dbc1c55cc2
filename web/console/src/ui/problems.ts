import { ElMessage } from "element-plus";
import { asProblem, type Problem } from "@/api/problem";
import { t, tOr } from "@/app/i18n";

/** What a problem means, in the language that is set where we have words for it, otherwise in the platform's own. */
export function problemText(problem: Problem): string {
  const own = tOr(`errors.${problem.code}`, "");
  if (own) return own;
  if (problem.status >= 500) return t("app.problem.server");
  return problem.message || t("app.problem.unknown");
}

/** Say shortly what went wrong, with the code to ask about. */
export function tellProblem(error: unknown): void {
  const problem = asProblem(error);
  const trace = problem.traceId ? ` · ${problem.traceId}` : "";
  ElMessage({ type: "error", duration: 8000, showClose: true, message: `${problemText(problem)}\n(${problem.code}${trace})` });
}

export function tellDone(text: string): void {
  ElMessage({ type: "success", message: text });
}
