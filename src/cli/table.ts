/** A column of a table for people: its heading, and what stands in it. */
export type Columns<T> = Readonly<Record<string, (row: T) => string | number | boolean | null | undefined>>;

/** One line a row, below headings; nothing at all for no rows. */
export function formatTable<T>(rows: readonly T[], columns: Columns<T>): string {
  if (rows.length === 0) return "";
  const entries = Object.entries(columns);
  const lines = [entries.map(([heading]) => heading), ...rows.map((row) => entries.map(([, of]) => shown(of(row))))];
  const widths = entries.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  const format = (line: readonly string[]) => line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ");
  return lines.map((line) => `${format(line).trimEnd()}\n`).join("");
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
