// What a scanned text, a link that opened the app, or typed numbers name. The server reads a text itself; here it is only
// seen whether there is anything to ask it for.
import { halfWidth } from "./money";

export type Named =
  | { by: "text"; text: string }
  | { by: "number"; code: string; connectorNo: number | null };

/** A text from a camera or a link; null when no charge point can be in it. */
export function fromScan(text: string): Named | null {
  const trimmed = text.trim();
  if (/(?:^|\/)[0-9A-Fa-f]{8}\/[0-9A-Fa-f]{2}$/.test(trimmed)) return { by: "text", text: trimmed };
  // Screens show prefix, number and connector, with or without something between the two.
  const digits = /(?:^|[/=?#])(\d{14})[-_#]?(\d{1,2})?$/.exec(trimmed);
  if (digits) return { by: "number", code: digits[1]!, connectorNo: digits[2] ? Number(digits[2]) : null };
  const tail = trimmed.split(/[/=?#]/).pop() ?? "";
  if (/^[0-9A-Za-z]{6,32}$/.test(tail)) return { by: "text", text: trimmed.slice(0, 300) };
  return null;
}

/** Numbers as typed from a label: 14 digits (or 8 characters of a board), with or without the connector behind them. */
export function fromTyping(number: string, connector: string): Named | null {
  const code = halfWidth(number).replace(/[\s-]/g, "").toUpperCase();
  const no = halfWidth(connector).trim();
  if (no && !/^\d{1,2}$/.test(no)) return null;
  const given = no ? Number(no) : null;
  if (given !== null && (given < 1 || given > 16)) return null;
  if (/^\d{16}$/.test(code)) {
    const within = Number(code.slice(14));
    return given === null || given === within ? { by: "number", code: code.slice(0, 14), connectorNo: within } : null;
  }
  if (/^\d{14}$/.test(code) || /^[0-9A-F]{8}$/.test(code)) return { by: "number", code, connectorNo: given };
  return null;
}

/** The query a page was opened with: `q` is a whole URL, encoded once (WeChat), `scene` our own number, `text` our link. */
export function fromQuery(query: Record<string, string | undefined>): Named | null {
  const q = query.q ?? query.scene ?? query.text;
  if (q) return fromScan(decoded(q));
  if (query.code) return { by: "number", code: query.code, connectorNo: query.no ? Number(query.no) : null };
  return null;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
