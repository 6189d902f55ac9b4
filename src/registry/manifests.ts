import {
  type ActOrigin,
  findManifestId,
  findRepositoryId,
  findTaggedDigest,
  isManifestLost,
  listTagsOfManifest,
  type ManifestContent,
  type ManifestHead,
  type Queries,
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
import { record } from "./record.ts";
import { type Registry, requireDeletable } from "./registry.ts";
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
 * Deletes a tag, or a manifest with every tag that points at it. Children, referrers and blobs stay.
 * @throws RegistryError `manifest-unknown`, `name-unknown`, `delete-disabled`, `read-only`, `denied` for what is immutable or protected
 * @spec OCI distribution-spec, "Deleting tags" and "Deleting Manifests"
 */
export async function deleteManifest(registry: Registry, deletion: ManifestDeletion): Promise<void> {
  requireDeletable(registry);
  const { repository, reference, by } = deletion;
  const removed = await registry.metadata.transaction(async (queries) => {
    const repositoryId = await findRepositoryId(queries, repository);
    const removal =
      repositoryId === undefined ? undefined : await remove(queries, { repository, repositoryId, reference });
    if (removal) await record(registry, queries, { ...by, ...removal, target: repository });
    return removal !== undefined;
  });
  if (!removed) await throwUnknown(registry, repository, reference);
}

/** What was done, for the audit trail. */
interface Removal {
  readonly act: "tag.delete" | "manifest.delete";
  readonly detail: Readonly<Record<string, unknown>>;
}

interface Doomed {
  readonly repository: RepositoryName;
  readonly repositoryId: number;
}

/** @returns `undefined` if there was nothing to remove */
function remove(
  queries: Queries,
  { reference, ...doomed }: Doomed & { readonly reference: Reference },
): Promise<Removal | undefined> {
  if (reference.kind === "tag") return removeTagAlone(queries, { ...doomed, tag: reference.tag });
  return removeWithTags(queries, { ...doomed, digest: reference.digest });
}

async function removeTagAlone(
  queries: Queries,
  { repository, repositoryId, tag }: Doomed & { readonly tag: Tag },
): Promise<Removal | undefined> {
  const digest = await findTaggedDigest(queries, repositoryId, tag);
  if (digest === undefined) return undefined;
  await requireTagDeletable(queries, { repository, tag });
  await removeTag(queries, repositoryId, tag);
  return { act: "tag.delete", detail: { tag, digest } };
}

/** So that a row of the audit trail stays small. */
const MAX_TAGS_NAMED = 100;

async function removeWithTags(
  queries: Queries,
  { repository, repositoryId, digest }: Doomed & { readonly digest: Digest },
): Promise<Removal | undefined> {
  const tags = await listTagsOfManifest(queries, { repositoryId, digest }, MAX_TAGS_NAMED + 1);
  if ((await findManifestId(queries, repositoryId, digest)) === undefined) return undefined;
  await requireContentDeletable(queries, { repository, repositoryId, digest });
  await removeManifest(queries, repositoryId, digest);
  const hasMoreTags = tags.length > MAX_TAGS_NAMED || undefined;
  return { act: "manifest.delete", detail: { digest, tags: tags.slice(0, MAX_TAGS_NAMED), hasMoreTags } };
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
