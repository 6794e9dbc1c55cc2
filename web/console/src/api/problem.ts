/** What the platform says when it does not do what it was asked (RFC 9457), or that it did not answer. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    detail: string,
    readonly traceId = "",
    readonly retryAfterS: number | null = null,
    readonly fields: { field: string; message: string }[] = [],
  ) {
    super(detail);
    this.name = "Problem";
  }
}

interface Body {
  code?: string;
  detail?: string;
  title?: string;
  trace_id?: string;
  errors?: { field?: string; loc?: unknown; message?: string; msg?: string }[];
}

/** The problem in an answer, whatever came in its body. */
export async function problemOf(answer: Response): Promise<Problem> {
  const body = ((await answer
    .clone()
    .json()
    .catch(() => null)) ?? {}) as Body;
  const after = answer.headers.get("Retry-After");
  const fields = (Array.isArray(body.errors) ? body.errors : []).map((one) => ({
    field: String(one.field ?? (Array.isArray(one.loc) ? one.loc.join(".") : (one.loc ?? ""))),
    message: String(one.message ?? one.msg ?? ""),
  }));
  return new Problem(
    answer.status,
    body.code ?? `http_${answer.status}`,
    body.detail ?? body.title ?? answer.statusText,
    body.trace_id ?? answer.headers.get("X-Request-Id") ?? "",
    after && /^\d+$/.test(after) ? Number(after) : null,
    fields,
  );
}

/** Anything that was thrown, as a problem. */
export function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof TypeError) return new Problem(0, "no_connection", error.message);
  return new Problem(0, "unexpected", error instanceof Error ? error.message : String(error));
}
