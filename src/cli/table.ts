/** A column of a table for people: its heading, and what stands in it. */
export type Columns<T> = Readonly<Record<string, (row: T) => string | number | boolean | null | undefined>>;

/**
 * One line a row, below headings; nothing at all for no rows.
 * @param width of the terminal: where lines are longer, times lose their fractions and digests most of their digits
 */
export function formatTable<T>(rows: readonly T[], columns: Columns<T>, width = Infinity): string {
  if (rows.length === 0) return "";
  const entries = Object.entries(columns);
  const cells = rows.map((row) => entries.map(([, of]) => shown(of(row))));
  const headings = entries.map(([heading]) => heading);
  const whole = alignColumns([headings, ...cells]);
  if (whole.split("\n").every((line) => line.length <= width)) return whole;
  return alignColumns([headings, ...cells.map((row) => row.map(shortened))]);
}

/** What stands alone in a cell; a digest shows that there is more of it. */
function shortened(cell: string): string {
  return cell
    .replace(/^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\.\d+Z$/, "$1Z")
    .replace(/^(sha(?:256|512):[0-9a-f]{12})[0-9a-f]{52,}$/, "$1…");
}

/** One line a row, its cells below those of the others. */
export function alignColumns(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    // Not as arguments: of a large registry there are more rows than a call may have.
    rows.reduce((widest, row) => Math.max(widest, row[column]?.length ?? 0), 0),
  );
  const line = (row: readonly string[]) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ");
  return rows.map((row) => `${line(row).trimEnd()}\n`).join("");
}

/** One line a column, for one row. */
export function formatRecord<T>(row: T, columns: Columns<T>): string {
  const entries = Object.entries(columns);
  const width = Math.max(...entries.map(([heading]) => heading.length));
  return entries.map(([heading, of]) => `${heading.padEnd(width)}  ${shown(of(row))}\n`).join("");
}

/** What others have named must not rule the terminal. */
function shown(value: string | number | boolean | null | undefined): string {
  if (value === null || value === undefined || value === "") return "-";
  if (typeof value === "boolean") return value ? "yes" : "no";
  return String(value).replaceAll(/[\p{Cc}\p{Cf}]/gu, "?");
}
