import type { NamePage } from "../../../metadata/index.ts";
import type { PageQuery } from "../schemas/words.ts";

/** A page of what is read with one more than wanted, which tells whether there is a next page. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly next: string | undefined;
}

/** @param read reads so many at most, behind the name */
export async function readPage<T extends { readonly name: string }>(
  { limit, after }: PageQuery,
  read: (page: NamePage) => Promise<readonly T[]>,
): Promise<Page<T>> {
  return pageOf(await read({ limit: limit + 1, after }), limit, ({ name }) => name);
}

/** Of a list by numbers, the newest first. */
export interface NewestPage {
  /** Absent: from the newest on. */
  readonly beforeId: number | undefined;
  readonly limit: number;
}

/** @param read reads so many at most, before the number @param idOf the number */
export async function readNewestPage<T>(
  { limit, after }: PageQuery,
  read: (page: NewestPage) => Promise<readonly T[]>,
  idOf: (item: T) => number,
): Promise<Page<T>> {
  const beforeId = after === "" ? undefined : Number(after);
  return pageOf(await read({ beforeId, limit: limit + 1 }), limit, (item) => String(idOf(item)));
}

/** @param found one more than `limit` at least, if there are so many @param keyOf what the next page is behind */
export function pageOf<T>(found: readonly T[], limit: number, keyOf: (item: T) => string): Page<T> {
  const items = found.slice(0, limit);
  const last = items.at(-1);
  return { items, next: last !== undefined && found.length > limit ? keyOf(last) : undefined };
}
