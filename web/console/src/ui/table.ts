// What a table is told: its columns, its filters, and where its rows come from.
import type { Page } from "@/api/client";

export interface Column<Row> {
  key: string;
  /** Key of its title among the texts. */
  title: string;
  /** What stands in its cell, and in a file of it. A slot `cell-<key>` may draw it otherwise. */
  text: (row: Row) => string;
  width?: number;
  minWidth?: number;
  align?: "left" | "right" | "center";
  mono?: boolean;
  /** Only shown when somebody chooses it. */
  hidden?: boolean;
}

export interface Filter {
  key: string;
  title: string;
  kind: "text" | "choice" | "span";
  /** Of a choice: what may be chosen. */
  choices?: () => { value: string; label: string }[];
  placeholder?: string;
  /** Of a text: what may be typed; anything else is not sent. */
  pattern?: RegExp;
  width?: number;
}

export type Query = Record<string, string | number | boolean | undefined>;
export type Fetch<Row> = (query: Query & { limit: number; before?: string }) => Promise<Page<Row>>;

/** Rows a file may have: what is more goes through an export of the platform. */
export const MOST_ROWS = 10_000;
const PAGE = 200;

/** Every row of a filter, page by page, up to the limit. */
export async function everything<Row>(fetch: Fetch<Row>, query: Query, told: (count: number) => void, most = MOST_ROWS): Promise<{ rows: Row[]; more: boolean }> {
  const rows: Row[] = [];
  let before: string | undefined;
  do {
    const page = await fetch({ ...query, limit: PAGE, before });
    rows.push(...page.items);
    told(Math.min(rows.length, most));
    before = page.next ?? undefined;
  } while (before && rows.length < most);
  return { rows: rows.slice(0, most), more: Boolean(before) || rows.length > most };
}

/** Filters as the address has them; what does not fit is left out. */
export function fromAddress(query: Record<string, unknown>, filters: Filter[]): Record<string, string> {
  const wanted: Record<string, string> = {};
  for (const filter of filters) {
    for (const key of filter.kind === "span" ? ["since", "until"] : [filter.key]) {
      const value = query[key];
      if (typeof value === "string" && value !== "" && (!filter.pattern || filter.pattern.test(value))) wanted[key] = value;
    }
  }
  return wanted;
}
