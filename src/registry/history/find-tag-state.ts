import { findTag, findTagChangesAround, type Queries, type TagPlace } from "../../metadata/index.ts";
import type { Digest } from "../../oci/index.ts";

/** What a tag pointed at: `unknown` where its history does not go back so far. */
export type TagState =
  | { readonly kind: "known"; readonly digest: Digest; readonly sinceMs: number }
  | { readonly kind: "absent" }
  | { readonly kind: "unknown" };

const ABSENT: TagState = { kind: "absent" };
const UNKNOWN: TagState = { kind: "unknown" };

/**
 * What a tag pointed at then. Each change has on record what was before, and since when: so a tag that was made before there was a
 * history, or whose old changes are forgotten, is known from its first change on, and some time before it.
 */
export async function findTagState(queries: Queries, place: TagPlace, atMs: number): Promise<TagState> {
  const { before, after } = await findTagChangesAround(queries, place, atMs);
  if (before) return before.digest === null ? ABSENT : known(before.digest, before.atMs);
  if (!after) return findCurrentState(queries, place, atMs);
  const { fromDigest, fromSinceMs } = after;
  if (fromDigest === null || fromSinceMs === null) return ABSENT;
  return fromSinceMs <= atMs ? known(fromDigest, fromSinceMs) : UNKNOWN;
}

async function findCurrentState(queries: Queries, place: TagPlace, atMs: number): Promise<TagState> {
  const current = await findTag(queries, place.repositoryId, place.tag);
  if (!current) return ABSENT;
  return current.updatedAtMs <= atMs ? known(current.digest, current.updatedAtMs) : UNKNOWN;
}

function known(digest: Digest, sinceMs: number): TagState {
  return { kind: "known", digest, sinceMs };
}
