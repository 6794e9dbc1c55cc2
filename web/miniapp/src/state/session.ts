// Who is signed in on this phone.
import { reactive } from "vue";
import { newId } from "@/core/key";
import { keep, recall } from "@/platform/storage";
import { silentCode } from "@/platform/login";
import * as api from "@/api/endpoints";
import { onSignedOut, useToken } from "@/api/client";
import { Problem } from "@/core/problem";

interface Session {
  token: string;
  openid: string;
  driverId: number;
}

const NOBODY: Session = { token: "", openid: "", driverId: 0 };
const NAME = "session";

export const session = reactive<Session>({ ...NOBODY, ...(recall<Partial<Session>>(NAME) ?? {}) });
useToken(() => session.token);

/** Tells two phones of one driver apart; made once. */
export function deviceId(): string {
  const known = recall<string>("device-id");
  if (known) return known;
  const made = `app-${newId(20)}`;
  keep("device-id", made);
  return made;
}

export const signedIn = (): boolean => session.token !== "";

function become(next: Session): void {
  Object.assign(session, next);
  keep(NAME, next.token ? next : null);
}

/** With a code of WeChat's. */
export async function signInWithCode(code: string, appid: string): Promise<void> {
  const known = await api.signIn({ channel: "wechat", code, device_id: deviceId(), ...(appid ? { appid } : {}) });
  become({ token: known.token, openid: known.openid, driverId: known.driver_id });
}

/** Without asking anybody, where the platform allows it. */
export async function signInSilently(): Promise<boolean> {
  const code = await silentCode();
  if (!code) return false;
  await signInWithCode(code.code, code.appid);
  return true;
}

/** With a token that the operator's staff handed out. */
export async function signInWithToken(token: string): Promise<void> {
  const before = { ...session };
  become({ ...NOBODY, token });
  try {
    const me = await api.myself();
    become({ token, openid: "", driverId: me.id });
  } catch (error) {
    become(before);
    throw error;
  }
}

/** A driver of one's own, in the demo. */
export async function signInAsVisitor(): Promise<void> {
  const visitor = await api.demoVisitor();
  become({ token: visitor.token, openid: "", driverId: visitor.driver_id });
}

export async function signOut(): Promise<void> {
  try {
    await api.signOut();
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
  }
  become(NOBODY);
}

/** A token the server does not know any more: sign in anew if that needs nobody; true when it worked. */
let renewing: Promise<boolean> | null = null;
export function renew(): Promise<boolean> {
  renewing ??= signInSilently()
    .then((done) => {
      if (!done) become(NOBODY);
      return done;
    })
    .finally(() => {
      renewing = null;
    });
  return renewing;
}
onSignedOut(renew);
