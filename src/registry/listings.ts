import { listRepositories as listRepositoryRows, listTags as listTagRows } from "../metadata/index.ts";
import type { RepositoryName, Tag } from "../oci/index.ts";
import { requireRepository } from "./manifests.ts";
import type { Registry } from "./registry.ts";

/** Names in byte order, and whether more follow the last of them. */
export interface NameList<Name extends string> {
  readonly names: readonly Name[];
  readonly hasMore: boolean;
}

export interface NameListQuery {
  /** Exclusive; `""` starts at the first. It need not exist. */
  readonly after: string;
  /** `undefined` is all of them. */
  readonly limit: number | undefined;
}

/** How many rows are read at once where a list may be long. */
const ROWS_AT_ONCE = 1000;

/**
 * Only those tags that the caller may pull.
 * @throws RegistryError `name-unknown`
 * @spec OCI distribution-spec, "Listing Tags"
 */
export async function listTags(
  registry: Registry,
  name: RepositoryName,
  query: NameListQuery,
  mayPull: (tag: Tag) => boolean = () => true,
): Promise<NameList<Tag>> {
  const readRows = (after: string, limit: number) => listTagRows(registry.metadata.reads, name, { after, limit });
  const list = await collect(query, readRows, mayPull);
  if (list.names.length === 0) await requireRepository(registry, name);
  return list;
}

/** Only those repositories that the caller may see. */
export async function listRepositories(
  registry: Registry,
  query: NameListQuery,
  maySee: (repository: RepositoryName) => boolean,
): Promise<NameList<RepositoryName>> {
  return collect(query, (after, limit) => listRepositoryRows(registry.metadata.reads, { after, limit }), maySee);
}

async function collect<Name extends string>(
  query: NameListQuery,
  readRows: (after: string, limit: number) => Promise<readonly Name[]>,
  isWanted: (name: Name) => boolean,
): Promise<NameList<Name>> {
  const limit = query.limit ?? Number.MAX_SAFE_INTEGER;
  if (limit === 0) return { names: [], hasMore: false };
  const names: Name[] = [];
  for (let after = query.after; ;) {
    // One more than wanted tells whether there are more. Where few of them are wanted, a short page must not cost many reads.
    const rowLimit = after === query.after ? Math.min(limit + 1, ROWS_AT_ONCE) : ROWS_AT_ONCE;
    const rows = await readRows(after, rowLimit);
    for (const name of rows) if (isWanted(name)) names.push(name);
    if (names.length > limit) return { names: names.slice(0, limit), hasMore: true };
    const last = rows.at(-1);
    if (last === undefined || rows.length < rowLimit) return { names, hasMore: false };
    after = last;
    // A long list is read in one go otherwise, and every other request waits for it.
    await new Promise(setImmediate);
  }
}
