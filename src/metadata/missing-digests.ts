import type { Compilable } from "kysely";
import type { Digest } from "../oci/index.ts";
import type { Queries } from "./database.ts";
import { inGroups, preparedByCount, preparedQuery } from "./prepared-query.ts";

/** Which of the digests `findPresent` does not find, in the order given. */
export async function missingDigests(
  digests: readonly Digest[],
  findPresent: (some: readonly Digest[]) => Promise<readonly { readonly digest: Digest }[]>,
): Promise<readonly Digest[]> {
  const present = new Set<Digest>();
  for (const some of inGroups(digests)) {
    for (const { digest } of await findPresent(some)) present.add(digest);
  }
  return digests.filter((digest) => !present.has(digest));
}

interface Present {
  readonly digest: Digest;
}
type FindPresent = (queries: Queries, repositoryId: number, digests: readonly Digest[]) => Promise<readonly Present[]>;

/** Compiles the query once for every number of digests that it is asked about. */
export function presentAmong(
  build: (queries: Queries, repositoryId: number, digests: readonly Digest[]) => Compilable<Present>,
): FindPresent {
  const find = preparedByCount((count) =>
    preparedQuery((queries, asked: Asked) => build(queries, asked[0], listed(asked, count))),
  );
  return (queries, repositoryId, digests) => find(digests.length)(queries, [repositoryId, ...digests]);
}

type Asked = readonly [repositoryId: number, ...digests: readonly Digest[]];

/** While the query is compiled there are only placeholders, one at each position. */
function listed(asked: Asked, count: number): readonly Digest[] {
  return Array.from({ length: count }, (_, position) => asked[position + 1] as Digest);
}
