import type { DatedTag, RepositoryChange } from "../../metadata/index.ts";
import type { Digest, Tag } from "../../oci/index.ts";

/** What a tag pointed at from then on; `null`: it was not there. */
export interface TagEvent {
  readonly tag: Tag;
  readonly atMs: number;
  readonly digest: Digest | null;
}

/**
 * What is known of where tags pointed, in the order of time: each change says also what was before, and since when. Of pushes of what a tag
 * pointed at already only the last before each change is known.
 */
export function replayTags(changes: readonly RepositoryChange[], current: readonly DatedTag[]): readonly TagEvent[] {
  const events: TagEvent[] = [];
  const lastMs = new Map<Tag, number>();
  const note = (event: TagEvent) => {
    // What was told by the change before already.
    if (event.atMs <= (lastMs.get(event.tag) ?? -Infinity)) return;
    lastMs.set(event.tag, event.atMs);
    events.push(event);
  };
  for (const { tag, fromDigest, fromSinceMs, digest, atMs } of changes) {
    if (fromDigest !== null && fromSinceMs !== null && fromSinceMs < atMs)
      note({ tag, atMs: fromSinceMs, digest: fromDigest });
    // Two changes within a millisecond: the later one is what stands.
    if (lastMs.get(tag) === atMs) lastMs.delete(tag);
    note({ tag, atMs, digest });
  }
  for (const { tag, digest, pushedAtMs } of current) note({ tag, atMs: pushedAtMs, digest });
  return events.toSorted((a, b) => a.atMs - b.atMs);
}
