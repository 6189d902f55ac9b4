import type { Queries } from "../../metadata/index.ts";
import { type Digest, subjectOfTag, type Tag } from "../../oci/index.ts";
import { parseTextPattern } from "../../runtime/index.ts";
import { requireApproved } from "../approvals/require-approved.ts";
import type { RegistryChange } from "../change.ts";
import { deleteContent, type DeletionPlace } from "../deletion/delete-content.ts";
import { requireTagNotRunning } from "../in-use/guard-running.ts";
import { addWithinQuotas } from "../quotas/add-within-quotas.ts";
import { requireTagDeletable } from "../settings/guard-content.ts";
import { findRelocated, type TagRelocation } from "./find-relocated.ts";
import { putRelocated } from "./put-relocated.ts";

/**
 * Moves a tag to another place of the registry. What it points at is there then with all that it names and all that refers to it; no bytes
 * are copied. In the old place the tag is deleted as any other, into the bin if there is one. Both are done, or neither.
 * @returns what the tag points at
 * @throws RegistryError `not-found`; `conflict` where another tag is in the way or a manifest is damaged; `denied` for what is kept,
 *   immutable, protected or running, where a second person has to approve deletes, and where a quota would be exceeded
 */
export async function relocateTag(
  change: RegistryChange,
  relocation: TagRelocation,
  { binKeepMs }: Pick<DeletionPlace, "binKeepMs">,
): Promise<Digest> {
  const { from, tag, to, newTag } = relocation;
  const relocated = await findRelocated(change.queries, relocation, change.nowMs);
  const { repositoryId, digest } = relocated;
  const oldPlace = { repository: from, repositoryId, binKeepMs, movedTo: { repository: to, tag: newTag } };
  // Both within the quotas: for a namespace of both places a tag more and a tag less are none more.
  await addWithinQuotas(change.queries, to, async (place) => {
    await putRelocated(change, relocation, { relocated, place });
    await deleteContent(change, oldPlace, { kind: "tag", tag });
  });
  return digest;
}

/** Which tags a pattern moves. What is attached to an image goes along with that, and by itself only if it is the whole pattern. */
export function parseRelocationPattern(pattern: string): (tag: Tag) => boolean {
  const matches = parseTextPattern(pattern);
  return (tag) => matches(tag) && (tag === pattern || subjectOfTag(tag) === undefined);
}

/** When it would be moved. */
export interface RelocationMoment {
  readonly nowMs: number;
  /** Whether another tag of the same manifest would be gone by then. */
  readonly goesBefore?: (tag: Tag) => boolean;
}

/**
 * Whether a tag can be moved, quotas aside. @returns what it points at
 * @throws RegistryError as `relocateTag` does
 */
export async function requireRelocatable(
  queries: Queries,
  relocation: TagRelocation,
  { nowMs, goesBefore }: RelocationMoment,
): Promise<Digest> {
  const { from: repository, tag, to } = relocation;
  const { repositoryId, digest } = await findRelocated(queries, relocation, nowMs);
  await requireTagDeletable(queries, { repository, tag });
  // With another name in the same repository it has a tag still.
  if (repository !== to) await requireTagNotRunning(queries, { repository, repositoryId, digest, nowMs }, goesBefore);
  await requireApproved(queries, { repository });
  return digest;
}
