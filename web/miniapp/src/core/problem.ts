// What the server refuses (RFC 9457), and silence of the network, as one kind of error.
export interface ProblemBody {
  code?: string;
  detail?: string;
  title?: string;
  trace_id?: string;
  facts?: Record<string, unknown>;
}

export class Problem extends Error {
  readonly code: string;
  readonly detail: string;
  readonly facts: Record<string, unknown>;
  readonly traceId: string;

  constructor(
    readonly status: number,
    body: ProblemBody = {},
    readonly retryAfterS = 0,
  ) {
    super(body.detail ?? body.title ?? body.code ?? `HTTP ${status}`);
    this.code = body.code ?? (status ? "unexpected" : "network");
    this.detail = body.detail ?? "";
    this.facts = body.facts ?? {};
    this.traceId = body.trace_id ?? "";
  }

  /** Nobody knows whether the request was carried out: it may be sent again with the same key, and with that only. */
  get unanswered(): boolean {
    return this.status === 0 || this.status >= 500 || this.code === "request_in_progress" || this.code === "request_doubled";
  }
}

export const unanswered = (error: unknown): boolean => error instanceof Problem && error.unanswered;

/** A fact that is a whole number, such as `needed_fen`. */
export function fact(problem: Problem, name: string): number | null {
  const value = problem.facts[name];
  return typeof value === "number" ? value : null;
}
