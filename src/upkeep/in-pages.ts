/** Reads all pages of a list, of which each goes on behind the last entry of the one before. */
export async function* inPages<Row>(
  limit: number,
  keyOf: (row: Row) => string,
  read: (page: { readonly after: string; readonly limit: number }) => Promise<readonly Row[]>,
): AsyncGenerator<Row, void, void> {
  for (let after: string | undefined = ""; after !== undefined;) {
    const rows: readonly Row[] = await read({ after, limit });
    yield* rows;
    const last: Row | undefined = rows.length < limit ? undefined : rows.at(-1);
    after = last === undefined ? undefined : keyOf(last);
  }
}
