// Tables as CSV that Excel opens: a byte order mark, CRLF, and no cell that a spreadsheet would take for a formula.
export const BOM = "\uFEFF";

/** Plain numbers keep their sign; any other text that begins like a formula gets an apostrophe before it. Long digits, such as order
 * numbers, would be rounded by a spreadsheet; a tab keeps them text. */
export function cell(text: string): string {
  if (/^\d{12,}$/.test(text)) return `"\t${text}"`;
  const risky = /^[\s]*[=+\-@|%\t\r\n]/.test(text) && !/^[+-]?\d+(\.\d+)?$/.test(text);
  const safe = risky ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

export function csv(titles: string[], rows: string[][]): string {
  return BOM + [titles, ...rows].map((row) => row.map(cell).join(",")).join("\r\n") + "\r\n";
}

/** Give the browser a file. */
export function download(name: string, text: string, kind = "text/csv;charset=utf-8"): void {
  const address = URL.createObjectURL(new Blob([text], { type: kind }));
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
