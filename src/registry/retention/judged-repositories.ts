import {
  listNodesSaying,
  listRepositoriesIn,
  listRepositoriesWithExpired,
  nodesUpFrom,
  type Queries,
  stretchBelow,
} from "../../metadata/index.ts";
import type { RepositoryName } from "../../oci/index.ts";

const NAMES_AT_ONCE = 200;

/** Every repository some of whose tags may go: those below a node that has rules, and those with a tag that has expired. Each once. */
export async function* iterateJudgedRepositories(
  queries: Queries,
  nowMs: number,
): AsyncGenerator<RepositoryName, void, void> {
  const nodes = new Set(await listNodesSaying(queries, "retention"));
  const isCovered = (path: string, itself = true) =>
    [...nodesUpFrom(path)].some((node) => nodes.has(node) && (itself || node !== path));
  for (const node of nodes) if (!isCovered(node, false)) yield* iterateRepositories(queries, node);
  for (const name of await listRepositoriesWithExpired(queries, nowMs)) if (!isCovered(name)) yield name;
}

/** The repository of a node's own name, and all below it, in byte order. @param from begins with that one, or behind it */
export async function* iterateRepositories(
  queries: Queries,
  node: string,
  from = "",
): AsyncGenerator<RepositoryName, void, void> {
  if (node !== "" && from <= node) yield node as RepositoryName;
  const stretch = stretchBelow(node);
  if (from > stretch.after && from < stretch.before) yield from as RepositoryName;
  for (let after = from > stretch.after ? from : stretch.after; ;) {
    const names = await listRepositoriesIn(queries, { ...stretch, after }, NAMES_AT_ONCE);
    yield* names as RepositoryName[];
    const last = names.at(-1);
    if (last === undefined || names.length < NAMES_AT_ONCE) return;
    after = last;
  }
}
