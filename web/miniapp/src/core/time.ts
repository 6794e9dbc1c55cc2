// Times are the server's: epoch milliseconds inside, RFC 3339 outside, and shown in Beijing time wherever the phone is.

const HOUR_MS = 3_600_000;
const OFFSET_MS = 8 * HOUR_MS;
const DAY_MS = 24 * HOUR_MS;

/** What a phone's clock is wrong by is learnt from every answer; the server's clock is the only one shown. */
export class ServerClock {
  private skewMs = 0;
  private known = false;

  constructor(private readonly phoneNow: () => number = Date.now) {}

  /** Told with an answer: the server's time at about this moment. Whole seconds of a Date header are good enough. */
  learn(serverMs: number): void {
    if (!Number.isFinite(serverMs)) return;
    const skew = serverMs - this.phoneNow();
    // A Date header has no fraction: do not let it jitter a skew that is right within its second.
    if (!this.known || Math.abs(skew - this.skewMs) > 1500) this.skewMs = skew;
    this.known = true;
  }

  now(): number {
    return this.phoneNow() + this.skewMs;
  }
}

/** RFC 3339 to epoch milliseconds; NaN when it is none. Older JavaScript cores of phones read this form, too. */
export function epochMs(text: string): number {
  return Date.parse(text);
}

/** Minutes since Beijing's midnight. */
export function minuteOfDay(ms: number): number {
  return Math.floor((((ms + OFFSET_MS) % DAY_MS) + DAY_MS) % DAY_MS / 60_000);
}

function parts(ms: number): { year: number; month: string; day: string; hour: string; minute: string } {
  const at = new Date(ms + OFFSET_MS);
  const two = (n: number) => String(n).padStart(2, "0");
  return {
    year: at.getUTCFullYear(),
    month: two(at.getUTCMonth() + 1),
    day: two(at.getUTCDate()),
    hour: two(at.getUTCHours()),
    minute: two(at.getUTCMinutes()),
  };
}

/** "11-25 20:04", with the year when it is another one than now's. */
export function dayAndTime(ms: number, nowMs: number): string {
  const at = parts(ms);
  const year = at.year === parts(nowMs).year ? "" : `${at.year}-`;
  return `${year}${at.month}-${at.day} ${at.hour}:${at.minute}`;
}

/** "20:04". */
export function timeOfDay(ms: number): string {
  const at = parts(ms);
  return `${at.hour}:${at.minute}`;
}

/** Half hours as text: 17 → "08:30"; 48 → "24:00". */
export function halfHour(index: number): string {
  return `${String(Math.trunc(index / 2)).padStart(2, "0")}:${index % 2 ? "30" : "00"}`;
}
