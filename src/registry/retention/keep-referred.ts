import { listIndexChildren, type Queries } from "../../metadata/index.ts";
import type { Digest, Tag } from "../../oci/index.ts";
import type { TagVerdict } from "./judge-tags.ts";

/** By the digest of an index what it names; nothing else is in it. */
export type IndexChildren = ReadonlyMap<Digest, readonly Digest[]>;

/**
 * Keeps a tag whose manifest is part of an index that has a tag which stays, over whatever indexes between. To be asked when all else that
 * keeps a tag is known.
 */
export function keepReferred(verdicts: readonly TagVerdict[], children: IndexChildren): readonly TagVerdict[] {
  if (children.size === 0) return verdicts;
  const tagOf = findReferringTags(
    verdicts.filter(({ isKept }) => isKept),
    children,
  );
  return verdicts.map((verdict) => {
    const by = verdict.isKept ? undefined : tagOf.get(verdict.digest);
    return by === undefined ? verdict : { ...verdict, isKept: true, reason: `referred to by ${by}` };
  });
}

/** By digest the first of the tags whose index it is part of. */
function findReferringTags(tags: readonly TagVerdict[], children: IndexChildren): ReadonlyMap<Digest, Tag> {
  const tagOf = new Map<Digest, Tag>();
  const seen = new Set<Digest>();
  for (const { tag, digest } of tags) {
    const waiting = [digest];
    for (let index = waiting.pop(); index !== undefined; index = waiting.pop()) {
      const named = children.get(index);
      if (!named || seen.has(index)) continue;
      seen.add(index);
      for (const child of named) if (!tagOf.has(child)) tagOf.set(child, tag);
      waiting.push(...named);
    }
  }
  return tagOf;
}

const DIGESTS_AT_ONCE = 500;

/** What those of the digests name that are indexes of the repository; others have their turn meanwhile. */
export async function findIndexChildren(
  queries: Queries,
  repositoryId: number,
  digests: Iterable<Digest>,
): Promise<IndexChildren> {
  const children = new Map<Digest, Digest[]>();
  const asked = [...new Set(digests)];
  for (let from = 0; from < asked.length; from += DIGESTS_AT_ONCE) {
    const some = asked.slice(from, from + DIGESTS_AT_ONCE);
    for (const { index, child } of await listIndexChildren(queries, repositoryId, some)) {
      const named = children.get(index);
      if (named) named.push(child);
      else children.set(index, [child]);
    }
    await new Promise(setImmediate);
  }
  return children;
}
