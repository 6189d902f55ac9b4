import {
  type ActOrigin,
  findManifestId,
  findRepositoryId,
  findTag,
  isManifestLost,
  listTagsOfManifest,
  type ManifestContent,
  type ManifestHead,
  recordTagChange,
  recordTagRemovals,
  removeManifest,
  removeTag,
} from "../metadata/index.ts";
import { type Soon, whenThere } from "../runtime/index.ts";
import {
  type Digest,
  type Reference,
  referenceText,
  RegistryError,
  type RepositoryName,
  type Tag,
} from "../oci/index.ts";
import { putIntoBin } from "./bin/put-into-bin.ts";
import { changeBy, type RegistryChange } from "./change.ts";
import { requireWritable } from "./maintenance/maintenance.ts";
import { type Registry, requireDeletable } from "./registry.ts";
import { requireNotRunning, requireTagNotRunning } from "./in-use/guard-running.ts";
import { requireContentDeletable, requireTagDeletable } from "./settings/guard-content.ts";

/**
 * The manifest as it was pushed, byte for byte.
 * @throws RegistryError `manifest-unknown`, `name-unknown`, `unavailable` if its bytes were found damaged
 */
export function getManifest(registry: Registry, name: RepositoryName, reference: Reference): Soon<ManifestContent> {
  const { hot } = registry.metadata;
  const found =
    reference.kind === "tag"
      ? hot.findManifestByTag(name, reference.tag)
      : hot.findManifestByDigest(name, reference.digest);
  return whenThere(found, (manifest) => {
    if (manifest && isManifestLost(manifest)) throw bytesLost(name, manifest);
    return manifest ?? throwUnknown(registry, name, reference);
  });
}

/**
 * The manifest's digest, type and size, without reading its bytes. One whose bytes were found damaged is not there, so that
 * clients push it again.
 * @throws RegistryError `manifest-unknown`, `name-unknown`
 */
export function getManifestHead(registry: Registry, name: RepositoryName, reference: Reference): Soon<ManifestHead> {
  const { hot } = registry.metadata;
  const found =
    reference.kind === "tag"
      ? hot.findManifestHeadByTag(name, reference.tag)
      : hot.findManifestHeadByDigest(name, reference.digest);
  return whenThere(found, (manifest) =>
    manifest && !isManifestLost(manifest) ? manifest : throwUnknown(registry, name, reference),
  );
}

function bytesLost(name: RepositoryName, { digest }: ManifestHead): RegistryError {
  const message = `the bytes of manifest ${digest} are damaged: push it again to restore it`;
  return new RegistryError("unavailable", message, { detail: { name, digest } });
}

export interface ManifestDeletion {
  readonly repository: RepositoryName;
  readonly reference: Reference;
  readonly by: ActOrigin;
}

/**
 * Deletes a tag, or a manifest with every tag that points at it; it can be had back from the bin for some time, if there is one.
 * Children, referrers and blobs stay.
 * @throws RegistryError `manifest-unknown`, `name-unknown`, `delete-disabled`, `read-only`, `denied` for what is immutable, protected or
 * running somewhere
 * @spec OCI distribution-spec, "Deleting tags" and "Deleting Manifests"
 */
export async function deleteManifest(registry: Registry, deletion: ManifestDeletion): Promise<void> {
  await requireDeletable(registry);
  const { repository, reference, by } = deletion;
  const removed = await registry.metadata.transaction(async (queries) => {
    await requireWritable(registry);
    const repositoryId = await findRepositoryId(queries, repository);
    if (repositoryId === undefined) return false;
    const change = changeBy(registry, queries, by);
    return remove(change, { repository, repositoryId, reference, binKeepMs: registry.options.binKeepMs });
  });
  if (!removed) await throwUnknown(registry, repository, reference);
}

interface Removal extends Pick<ManifestDeletion, "repository"> {
  readonly repositoryId: number;
  readonly reference: Reference;
  readonly binKeepMs: number;
}

/** @returns whether there was something to remove */
function remove(change: RegistryChange, removal: Removal): Promise<boolean> {
  const { reference } = removal;
  if (reference.kind === "tag") return removeTagAlone(change, removal, reference.tag);
  return removeWithTags(change, removal, reference.digest);
}

async function removeTagAlone(
  change: RegistryChange,
  { repository, repositoryId, binKeepMs }: Removal,
  tag: Tag,
): Promise<boolean> {
  const { queries } = change;
  const from = await findTag(queries, repositoryId, tag);
  if (!from) return false;
  const { digest, manifestId } = from;
  await requireTagDeletable(queries, { repository, tag });
  await requireTagNotRunning(queries, { repository, repositoryId, digest, nowMs: change.nowMs });
  await change.record({ act: "tag.delete", target: repository, detail: { tag, digest } });
  await putIntoBin(change, { repository, manifestId, digest, tag }, binKeepMs);
  await recordTagChange(queries, { ...change, repositoryId, tag, digest: undefined, from, cause: "delete" });
  return removeTag(queries, repositoryId, tag);
}

/** So that a row of the audit trail stays small. */
const MAX_TAGS_NAMED = 100;

async function removeWithTags(
  change: RegistryChange,
  { repository, repositoryId, binKeepMs }: Removal,
  digest: Digest,
): Promise<boolean> {
  const { queries } = change;
  const manifestId = await findManifestId(queries, repositoryId, digest);
  if (manifestId === undefined) return false;
  await requireContentDeletable(queries, { repository, repositoryId, digest });
  await requireNotRunning(queries, { repository, repositoryId, digest, nowMs: change.nowMs });
  const tags = await listTagsOfManifest(queries, { repositoryId, digest }, MAX_TAGS_NAMED + 1);
  const hasMoreTags = tags.length > MAX_TAGS_NAMED || undefined;
  const detail = { digest, tags: tags.slice(0, MAX_TAGS_NAMED), hasMoreTags };
  await change.record({ act: "manifest.delete", target: repository, detail });
  await putIntoBin(change, { repository, manifestId, digest }, binKeepMs);
  await recordTagRemovals(queries, [manifestId], { ...change, cause: "delete" });
  return removeManifest(queries, repositoryId, digest);
}

async function throwUnknown(registry: Registry, name: RepositoryName, reference: Reference): Promise<never> {
  await requireRepository(registry, name);
  const text = referenceText(reference);
  const what = reference.kind === "tag" ? `tag ${text}` : `manifest ${text}`;
  throw new RegistryError("manifest-unknown", `${name} has no ${what}`, { detail: { name, reference: text } });
}

/** @throws RegistryError `name-unknown` */
export async function requireRepository(registry: Registry, name: RepositoryName): Promise<void> {
  if ((await findRepositoryId(registry.metadata.reads, name)) !== undefined) return;
  throw new RegistryError("name-unknown", `there is no repository ${name}`, { detail: { name } });
}
