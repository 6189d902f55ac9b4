import type { NamePage } from "../../../metadata/index.ts";

/** A page of what is read with one more than wanted, which tells whether there is a next page. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly next: string | undefined;
}

/** @param read reads so many at most, behind the name */
export async function readPage<T extends { readonly name: string }>(
  { limit, after }: NamePage,
  read: (page: NamePage) => Promise<readonly T[]>,
): Promise<Page<T>> {
  const found = await read({ limit: limit + 1, after });
  const items = found.slice(0, limit);
  return { items, next: found.length > limit ? items.at(-1)?.name : undefined };
}
