import {
  type ActOrigin,
  ensureRepository,
  findMissingBlobs,
  findMissingManifests,
  findTaggedDigest,
  putManifest as putManifestRow,
  putTag,
  type Queries,
} from "../metadata/index.ts";
import {
  algorithmOf,
  type Descriptor,
  type Digest,
  digestOf,
  isManifestMediaType,
  isNonDistributable,
  type Manifest,
  parseManifest,
  type Reference,
  RegistryError,
  type RepositoryName,
  type Tag,
} from "../oci/index.ts";
import { type PushPermission, requirePermitted } from "./push-permission.ts";
import { recordPush, type TagChange } from "./record.ts";
import { expiryOf } from "./retention/tag-expiry.ts";
import { requireMovable } from "./settings/guard-content.ts";
import { findSettings } from "./settings/settings.ts";
import { requireAllowedUrls, requireSameDigest, requiresChild } from "./validation.ts";
import { type Registry, requireWritable } from "./registry.ts";

export interface ManifestPush {
  readonly repository: RepositoryName;
  readonly reference: Reference;
  /** Further tags for the same manifest (`?tag=`); they may name one twice. */
  readonly tags: readonly Tag[];
  readonly contentType: string | undefined;
  readonly body: Uint8Array;
  readonly by: ActOrigin;
  /** Absent: all of it is permitted. */
  readonly permission?: PushPermission | undefined;
}

export interface PushedManifest {
  readonly digest: Digest;
  /** What the manifest refers to, for `OCI-Subject`. */
  readonly subject: Digest | undefined;
  /** Every tag that points at it now. */
  readonly tags: readonly Tag[];
  /** What the client's user should know although the push succeeded: one line each, in ASCII without quotes. */
  readonly warnings: readonly string[];
}

/**
 * Takes a manifest whose references are all in the repository, byte for byte, and points its tags at it: all of it or
 * nothing. The subject need not be there.
 * @throws RegistryError `manifest-invalid`, `digest-mismatch`, `manifest-blob-unknown` (naming all that is missing),
 *   `denied` also where a tag is immutable, `read-only`
 * @spec OCI distribution-spec, "Pushing Manifests" and "Pushing Manifests with Subject"
 */
export async function putManifest(registry: Registry, push: ManifestPush): Promise<PushedManifest> {
  requireWritable(registry);
  const digest = requireDigest(push);
  const manifest = parseManifest(push.body, push.contentType);
  requireAllowedUrls(registry.options.validation, manifest);
  const tags = tagsOf(push);
  const { repository, body } = push;
  const nowMs = registry.clock.nowMs();
  const { warning, ...expiry } = expiryOf(manifest, nowMs);
  await registry.metadata.transaction(async (queries) => {
    const repositoryId = await ensureRepository(queries, repository, nowMs);
    const { permission } = push;
    const settings = tags.length > 0 ? await findSettings(queries, repository) : {};
    const isOfInterest = registry.options.isAudited || permission !== undefined || settings["immutable-tags"];
    const changes = isOfInterest ? await findTagChanges(queries, { repositoryId, digest, tags }) : [];
    if (permission) requirePermitted(permission, { manifest, tags, changes });
    requireMovable(settings, changes);
    await checkReferences(registry, queries, repositoryId, manifest);
    const entry = { repositoryId, digest, manifest, body, createdAtMs: nowMs };
    const { id: manifestId, isNew } = await putManifestRow(queries, entry);
    for (const tag of tags) await putTag(queries, { repositoryId, tag, manifestId, nowMs, ...expiry });
    const sizeBytes = body.byteLength;
    await recordPush(registry, queries, { ...push.by, repository, digest, manifest, sizeBytes, isNew, tags, changes });
  });
  return {
    digest,
    subject: manifest.subject?.digest,
    tags,
    warnings: [...warningsOf(manifest), ...(warning === undefined ? [] : [warning])],
  };
}

/** Each once, however often it was named. */
function tagsOf({ reference, tags }: ManifestPush): readonly Tag[] {
  return [...new Set(reference.kind === "tag" ? [reference.tag, ...tags] : tags)];
}

interface PushedTags {
  readonly repositoryId: number;
  readonly digest: Digest;
  readonly tags: readonly Tag[];
}

async function findTagChanges(
  queries: Queries,
  { repositoryId, digest, tags }: PushedTags,
): Promise<readonly TagChange[]> {
  const changes: TagChange[] = [];
  for (const tag of tags) {
    const from = await findTaggedDigest(queries, repositoryId, tag);
    if (from !== digest) changes.push({ tag, from });
  }
  return changes;
}

function requireDigest({ reference, body }: ManifestPush): Digest {
  if (reference.kind === "tag") return digestOf(body);
  requireSameDigest(digestOf(body, algorithmOf(reference.digest)), reference.digest);
  return reference.digest;
}

/** So that the answer to an absurd index stays small. */
const MAX_MISSING_NAMED = 1000;

/** Names everything that is missing at once, so that a client need not ask again and again. */
async function checkReferences(
  registry: Registry,
  queries: Queries,
  repositoryId: number,
  manifest: Manifest,
): Promise<void> {
  const { validation } = registry.options;
  if (!validation.enabled) return;
  const blobs = manifest.blobs.filter((descriptor) => !isNonDistributable(descriptor.mediaType));
  const children = manifest.manifests.filter((descriptor) => requiresChild(validation, descriptor));
  const missing = [
    ...(await findMissingBlobs(queries, repositoryId, digestsOf(blobs))),
    ...(await findMissingChildren(queries, repositoryId, children)),
  ];
  if (missing.length === 0) return;
  const named = missing.slice(0, MAX_MISSING_NAMED);
  const others = missing.length - named.length;
  const message = `the manifest names content that is not in the repository: push it first${others > 0 ? ` (and ${others} more)` : ""}`;
  throw new RegistryError("manifest-blob-unknown", message, { details: named.map((digest) => ({ digest })) });
}

/** An index may also name blobs: build caches are indexes of layers. */
async function findMissingChildren(
  queries: Queries,
  repositoryId: number,
  children: readonly Descriptor[],
): Promise<readonly Digest[]> {
  const notManifests = await findMissingManifests(queries, repositoryId, digestsOf(children));
  const nothing = new Set(await findMissingBlobs(queries, repositoryId, notManifests));
  const mayBeBlob = new Set(digestsOf(children.filter((child) => !isManifestMediaType(child.mediaType))));
  return notManifests.filter((digest) => nothing.has(digest) || !mayBeBlob.has(digest));
}

function digestsOf(descriptors: readonly Descriptor[]): readonly Digest[] {
  return [...new Set(descriptors.map((descriptor) => descriptor.digest))];
}

function warningsOf({ blobs }: Manifest): readonly string[] {
  return blobs.some(({ mediaType }) => isNonDistributable(mediaType)) ? [NON_DISTRIBUTABLE] : [];
}

const NON_DISTRIBUTABLE =
  "non-distributable layers are deprecated: their content may not be kept here, and pulls may fail";
