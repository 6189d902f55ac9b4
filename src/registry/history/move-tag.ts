import {
  findTag,
  nominateManifest,
  putTag,
  recordTagChange,
  type TagCause,
  type TagPlace,
  type TagTarget,
} from "../../metadata/index.ts";
import type { Digest, RepositoryName } from "../../oci/index.ts";
import type { RegistryChange } from "../change.ts";
import { requireMovable } from "../settings/guard-content.ts";
import { findSettings } from "../settings/settings.ts";

export interface TagMove extends TagPlace {
  readonly repository: RepositoryName;
  readonly manifestId: number;
  readonly digest: Digest;
  readonly cause: TagCause;
}

/**
 * Points a tag at a manifest, on record in its history. @returns where it pointed before
 * @throws RegistryError `denied` if the tag is immutable and points elsewhere
 */
export async function moveTag(change: TagMaker, move: TagMove): Promise<TagTarget | undefined> {
  const { queries } = change;
  const { repository, repositoryId, tag, digest } = move;
  const from = await findTag(queries, repositoryId, tag);
  if (from && from.digest !== digest) requireMovable(await findSettings(queries, repository), [{ tag, from }]);
  await pointTag(change, move, from);
  return from;
}

type TagMaker = Pick<RegistryChange, "queries" | "nowMs" | "by">;

/**
 * As `moveTag`, whatever the rules say.
 * @param from where it points now
 */
export async function pointTag(
  { queries, nowMs, by }: TagMaker,
  { repositoryId, tag, manifestId, digest, cause }: Omit<TagMove, "repository">,
  from: TagTarget | undefined,
): Promise<void> {
  await putTag(queries, { repositoryId, tag, manifestId, nowMs });
  // What had lost its last tag, or its index, is judged like any other when it loses this one.
  await nominateManifest(queries, { repositoryId, manifestId, sinceMs: nowMs });
  if (from?.digest !== digest) await recordTagChange(queries, { repositoryId, tag, digest, from, cause, nowMs, by });
}
