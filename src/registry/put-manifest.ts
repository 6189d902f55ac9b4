import {
  type ActOrigin,
  findTag,
  putManifest as putManifestRow,
  putManifestMark,
  putTag,
  type Queries,
  recordTagChange,
} from "../metadata/index.ts";
import {
  algorithmOf,
  type Digest,
  digestOf,
  isNonDistributable,
  type Manifest,
  parseManifest,
  type Reference,
  RegistryError,
  type RepositoryName,
  subjectOfTag,
  type Tag,
} from "../oci/index.ts";
import { findMissingReferences } from "./missing-references.ts";
import { type PushPermission, requirePermitted } from "./push-permission.ts";
import { ensurePushedRepository } from "./names/repository-moved.ts";
import { addWithinQuotas } from "./quotas/add-within-quotas.ts";
import { recordPush, type TagChange } from "./record.ts";
import { keepingNames, keepMarkOf } from "./retention/keep-mark.ts";
import { expiryOf } from "./retention/tag-expiry.ts";
import { requireMovable } from "./settings/guard-content.ts";
import type { RepositoryPlace } from "./settings/settings.ts";
import { requireAllowedUrls, requireSameDigest } from "./validation.ts";
import { requireWritable } from "./maintenance/maintenance.ts";
import type { Registry } from "./registry.ts";

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
 *   `denied` also where a tag is immutable and where a quota would be exceeded, `read-only`
 * @spec OCI distribution-spec, "Pushing Manifests" and "Pushing Manifests with Subject"
 */
export async function putManifest(registry: Registry, push: ManifestPush): Promise<PushedManifest> {
  await requireWritable(registry);
  const digest = requireDigest(push);
  const manifest = parseManifest(push.body, push.contentType);
  requireAllowedUrls(registry.options.validation, manifest);
  const tags = tagsOf(push);
  const nowMs = registry.clock.nowMs();
  const { warning, ...expiry } = expiryOf(manifest, nowMs);
  const { warnings } = await registry.metadata.transaction((queries) =>
    addWithinQuotas(queries, push.repository, (place) =>
      writeManifest(registry, queries, { ...push, ...place, digest, manifest, tags, nowMs, expiry }),
    ),
  );
  return {
    digest,
    subject: manifest.subject?.digest,
    tags,
    warnings: [...warningsOf(manifest), ...(warning === undefined ? [] : [warning]), ...warnings],
  };
}

interface CheckedPush extends ManifestPush, RepositoryPlace {
  readonly digest: Digest;
  readonly manifest: Manifest;
  readonly nowMs: number;
  readonly expiry: Omit<ReturnType<typeof expiryOf>, "warning">;
}

async function writeManifest(registry: Registry, queries: Queries, push: CheckedPush): Promise<void> {
  const { repository, digest, manifest, body, tags, nowMs, expiry, settings, permission, by } = push;
  const repositoryId = await ensurePushedRepository(queries, { name: repository, id: push.repositoryId, nowMs });
  const changes = await findTagChanges(queries, { repositoryId, digest, tags });
  if (permission) requirePermitted(permission, { manifest, tags, changes });
  requireMovable(settings, changes);
  await checkReferences(registry, queries, repositoryId, manifest);
  const isTagged = tags.some((tag) => subjectOfTag(tag) === undefined);
  const entry = { repositoryId, digest, manifest, body, createdAtMs: nowMs, isTagged };
  const { id: manifestId, isNew } = await putManifestRow(queries, entry);
  const mark = keepMarkOf(manifest.annotations, keepingNames(settings));
  if (mark) await putManifestMark(queries, manifestId, mark);
  for (const tag of tags) await putTag(queries, { repositoryId, tag, manifestId, nowMs, ...expiry });
  for (const { tag, from } of changes)
    await recordTagChange(queries, { repositoryId, tag, digest, from, cause: "push", nowMs, by });
  const sizeBytes = body.byteLength;
  await recordPush(registry, queries, { ...by, repository, digest, manifest, sizeBytes, isNew, tags, changes });
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
    const from = await findTag(queries, repositoryId, tag);
    if (from?.digest !== digest) changes.push({ tag, from });
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
  const missing = await findMissingReferences(registry.options.validation, queries, { repositoryId, manifest });
  if (missing.length === 0) return;
  const named = missing.slice(0, MAX_MISSING_NAMED);
  const others = missing.length - named.length;
  const message = `the manifest names content that is not in the repository: push it first${others > 0 ? ` (and ${others} more)` : ""}`;
  throw new RegistryError("manifest-blob-unknown", message, { details: named.map((digest) => ({ digest })) });
}

function warningsOf({ blobs }: Manifest): readonly string[] {
  return blobs.some(({ mediaType }) => isNonDistributable(mediaType)) ? [NON_DISTRIBUTABLE] : [];
}

const NON_DISTRIBUTABLE =
  "non-distributable layers are deprecated: their content may not be kept here, and pulls may fail";
