import {
  findManifestBody,
  findTag,
  findTagExpiry,
  type ImagePart,
  linkBlobsOf,
  putManifest,
  putTag,
  recordTagChange,
  takeMarkAlong,
} from "../../metadata/index.ts";
import { parseManifest, subjectOfTag } from "../../oci/index.ts";
import type { RegistryChange } from "../change.ts";
import { ensurePushedRepository } from "../names/repository-moved.ts";
import type { RepositoryPlace } from "../settings/settings.ts";
import type { Relocated, RelocatedTag, TagRelocation } from "./find-relocated.ts";

/** Makes a tag in its new place, with the manifests that belong to it, the blobs of those, and what is attached to them. */
export async function putRelocated(
  change: RegistryChange,
  relocation: TagRelocation,
  { relocated, place }: { readonly relocated: Relocated; readonly place: RepositoryPlace },
): Promise<void> {
  const { queries, nowMs } = change;
  const { parts, tags, digest, manifestId } = relocated;
  const repositoryId = await ensurePushedRepository(queries, { name: relocation.to, id: place.repositoryId, nowMs });
  const tagged = new Set(tags.filter(({ newTag }) => subjectOfTag(newTag) === undefined).map((each) => each.digest));
  const ids = new Map([[digest, manifestId]]);
  for (const part of parts)
    ids.set(part.digest, await copyManifest(change, part, { repositoryId, isTagged: tagged.has(part.digest) }));
  for (const tag of tags)
    await putCopiedTag(change, tag, { ...relocation, fromId: relocated.repositoryId, repositoryId, ids });
}

interface ManifestCopy {
  readonly repositoryId: number;
  readonly isTagged: boolean;
}

/** @returns the row of the copy, which may have been there before */
async function copyManifest(
  { queries, nowMs }: RegistryChange,
  part: ImagePart,
  { repositoryId, isTagged }: ManifestCopy,
): Promise<number> {
  const body = await findManifestBody(queries, part.id);
  if (!body) throw new Error(`the manifest ${part.digest} was there, and is not`);
  await linkBlobsOf(queries, part.id, { repositoryId, nowMs });
  const manifest = parseManifest(body, part.mediaType);
  const entry = { repositoryId, digest: part.digest, manifest, body, createdAtMs: nowMs, isTagged };
  const { id } = await putManifest(queries, entry);
  await takeMarkAlong(queries, part.id, id);
  return id;
}

interface TagCopy extends Pick<TagRelocation, "from" | "to"> {
  readonly fromId: number;
  readonly repositoryId: number;
  /** Of the manifests in the new place, by digest. */
  readonly ids: ReadonlyMap<string, number>;
}

/** It goes by itself when it would have gone in the old place. One that is there already stays as it is. */
async function putCopiedTag(
  change: RegistryChange,
  { tag, newTag, digest }: RelocatedTag,
  copy: TagCopy,
): Promise<void> {
  const { queries, nowMs } = change;
  const { from, to, fromId, repositoryId, ids } = copy;
  const manifestId = ids.get(digest);
  if (manifestId === undefined || (await findTag(queries, repositoryId, newTag))) return;
  const expiry = await findTagExpiry(queries, { repositoryId: fromId, tag });
  await putTag(queries, { repositoryId, tag: newTag, manifestId, nowMs, ...expiry });
  const otherPlace = { repository: from, tag };
  const made = { repositoryId, tag: newTag, digest, from: undefined, cause: "move" as const, otherPlace };
  await recordTagChange(queries, { ...change, ...made });
  await change.record({ act: "tag.create", target: to, detail: { tag: newTag, digest, movedFrom: `${from}:${tag}` } });
}
