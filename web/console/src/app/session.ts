// Who is signed in, and what they may do. The session itself is a cookie no script can read.
import { computed, reactive } from "vue";
import { api, ok, type Schemas } from "@/api/client";
import { Problem } from "@/api/problem";

interface Session {
  /** null: nobody; undefined: not asked yet. */
  me: Schemas["MeOut"] | null | undefined;
  /** Whether a session that was there has run out. */
  expired: boolean;
}

export const session: Session = reactive({ me: undefined, expired: false });

const allowed = computed(() => new Set(session.me?.permissions ?? []));

/** Whether whoever is signed in may do this. */
export function may(permission: string | undefined): boolean {
  return permission === undefined || allowed.value.has(permission);
}

/** Whether whoever is signed in works at some stations of their operator only. */
export const limited = computed(() => Array.isArray(session.me?.staff.station_ids));

/** Whether they may do this for the whole operator, which nobody may who is limited to some stations. */
export function mayForAll(permission: string | undefined): boolean {
  return may(permission) && !limited.value;
}

/** Whether a page is for whoever is signed in. */
export function opens(page: { permission?: string; whole?: boolean } | undefined): boolean {
  return page?.whole ? mayForAll(page.permission) : may(page?.permission);
}

/** Who the cookie says we are. */
export async function findSession(): Promise<void> {
  try {
    session.me = await ok(api.GET("/api/v1/staff/me"));
    session.expired = false;
  } catch (error) {
    if (!(error instanceof Problem) || (error.status !== 401 && error.status !== 403)) throw error;
    session.me = null;
  }
}

/** Who we are after a sign-in; a Problem when the browser keeps no cookie of this address. */
async function begin(): Promise<void> {
  await findSession();
  if (!session.me) throw new Problem(0, "no_session", "");
}

/** Signs in, or gives the ticket of the second step where a code is asked for. */
export async function signIn(username: string, password: string): Promise<string | null> {
  const answer = await ok(api.POST("/api/v1/staff/sign-in", { body: { username, password } }));
  if (answer && "ticket" in answer) return answer.ticket;
  await begin();
  return null;
}

export async function signInWithCode(ticket: string, code: string): Promise<void> {
  await ok(api.POST("/api/v1/staff/sign-in/code", { body: { ticket, code } }));
  await begin();
}

export async function signOut(): Promise<void> {
  try {
    await ok(api.POST("/api/v1/staff/sign-out", { body: undefined as never }));
  } finally {
    session.me = null;
    session.expired = false;
  }
}

/** The platform does not know us any more. */
export function sessionEnded(): void {
  if (session.me) session.expired = true;
  session.me = null;
}
