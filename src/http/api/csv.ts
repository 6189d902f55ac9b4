import type { Answer } from "../answer.ts";
import { textStream } from "./text-stream.ts";

/** A value of a row. */
type Cell = string | number | null;

/** How many rows are read at once. */
const ROWS_AT_ONCE = 1000;

/** Reads the rows behind one, at most so many; from the first, if there is none. */
export type ReadRows<Row> = (after: Row | undefined, limit: number) => Promise<readonly Row[]>;

/** All rows as comma-separated values, below a line with the names of their columns; read in pages while they are sent. */
export function csvAnswer<Row, Column extends string>(
  columns: readonly Column[],
  read: ReadRows<Row>,
  show: (row: Row) => Readonly<Record<Column, Cell>>,
): Answer {
  const headers = { "Content-Type": "text/csv; charset=utf-8; header=present", "Cache-Control": "no-store" };
  return { status: 200, headers, body: textStream(linesOf(columns, read, show)) };
}

async function* linesOf<Row, Column extends string>(
  columns: readonly Column[],
  read: ReadRows<Row>,
  show: (row: Row) => Readonly<Record<Column, Cell>>,
): AsyncGenerator<string, void, void> {
  const lineOf = (row: Readonly<Record<Column, Cell>>) => `${columns.map((name) => textOf(row[name])).join(",")}\r\n`;
  yield `${columns.join(",")}\r\n`;
  for (let last: Row | undefined; ;) {
    const rows: readonly Row[] = await read(last, ROWS_AT_ONCE);
    if (rows.length > 0) yield rows.map(show).map(lineOf).join("");
    if (rows.length < ROWS_AT_ONCE) return;
    last = rows.at(-1);
  }
}

/** In quotes where need be; a spreadsheet must not take a name for a formula. */
function textOf(value: Cell): string {
  const text = value === null ? "" : String(value);
  const safe = /^[=+@\t\r-]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
