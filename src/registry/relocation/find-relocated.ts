import {
  findKeeps,
  findRepositoryId,
  findTag,
  type ImagePart,
  isManifestLost,
  listAttachedTags,
  listImageParts,
  type Queries,
  type TagPlace,
} from "../../metadata/index.ts";
import { type Digest, RegistryError, type RepositoryName, type Tag } from "../../oci/index.ts";
import { showKeep } from "../retention/keep-content.ts";

/** A tag, and the place that it is to have: another repository, another name, or both. */
export interface TagRelocation {
  readonly from: RepositoryName;
  readonly tag: Tag;
  readonly to: RepositoryName;
  readonly newTag: Tag;
}

/** A tag that is to be in the new place. */
export interface RelocatedTag extends Pick<TagRelocation, "tag" | "newTag"> {
  readonly digest: Digest;
}

/** What is moved, as it is in the old place. */
export interface Relocated {
  readonly repositoryId: number;
  readonly manifestId: number;
  readonly digest: Digest;
  /** The manifests that the new place is to have; none where the repository stays the same. */
  readonly parts: readonly ImagePart[];
  /** The tag itself, and those that attach something to one of the manifests. */
  readonly tags: readonly RelocatedTag[];
}

/** @throws RegistryError `not-found`, `denied` for a tag that is kept, `conflict` for what is in the way or damaged */
export async function findRelocated(queries: Queries, relocation: TagRelocation, nowMs: number): Promise<Relocated> {
  const { from, tag, to, newTag } = relocation;
  const repositoryId = await findRepositoryId(queries, from);
  const target = repositoryId === undefined ? undefined : await findTag(queries, repositoryId, tag);
  if (repositoryId === undefined || !target) throw new RegistryError("not-found", `${from} has no tag ${tag}`);
  if (from === to && tag === newTag) throw new RegistryError("conflict", `${from}:${tag} has that place already`);
  const { digest, manifestId } = target;
  await requireNotKept(queries, { repositoryId, tag, digest, nowMs });
  const parts = from === to ? [] : await listImageParts(queries, { repositoryId, digest });
  const digests = parts.map((part) => part.digest);
  const attached = await listAttachedTags(queries, repositoryId, digests);
  const tags = [{ tag, newTag, digest }, ...attached.map((each) => ({ ...each, newTag: each.tag }))];
  requireWhole(from, parts);
  await requireNothingInTheWay(queries, to, tags);
  return { repositoryId, manifestId, digest, parts, tags };
}

/** In its new place it would not be kept, and others may decide there. */
async function requireNotKept(
  queries: Queries,
  { tag, digest, ...where }: TagPlace & { readonly digest: Digest; readonly nowMs: number },
): Promise<void> {
  const keeps = await findKeeps(queries, where);
  const [what, keep] = keeps.has(tag) ? [`the tag ${tag}`, keeps.get(tag)] : [digest, keeps.get(digest)];
  if (!keep) return;
  throw new RegistryError("denied", `${what} is ${showKeep(keep)}: take that back first`, { detail: { tag } });
}

function requireWhole(repository: RepositoryName, parts: readonly ImagePart[]): void {
  const lost = parts.find(isManifestLost);
  if (!lost) return;
  const message = `the bytes of manifest ${lost.digest} in ${repository} are damaged: push it again first`;
  throw new RegistryError("conflict", message, { detail: { digest: lost.digest } });
}

/** What is there already and the same is not in the way. */
async function requireNothingInTheWay(
  queries: Queries,
  to: RepositoryName,
  tags: readonly RelocatedTag[],
): Promise<void> {
  const repositoryId = await findRepositoryId(queries, to);
  if (repositoryId === undefined) return;
  for (const { newTag, digest } of tags) {
    const there = await findTag(queries, repositoryId, newTag);
    if (!there || there.digest === digest) continue;
    // Who may push there may perhaps not pull: where it points is not told.
    const message = `${to} has a tag ${newTag} already, which points elsewhere`;
    throw new RegistryError("conflict", message, { detail: { tag: newTag } });
  }
}
