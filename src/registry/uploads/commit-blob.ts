import {
  condemnUnneededBlobs,
  linkBlob,
  type NewBlob,
  putBlob,
  type Queries,
  removeUpload,
} from "../../metadata/index.ts";
import { type Digest, RegistryError, type RepositoryName } from "../../oci/index.ts";
import { placeBlob } from "../collection/place-blob.ts";
import { ensurePushedRepository, type MayFollow, RepositoryMoved } from "../names/repository-moved.ts";
import { addWithinQuotas } from "../quotas/add-within-quotas.ts";
import { requireWritable } from "../maintenance/maintenance.ts";
import type { Registry } from "../registry.ts";
import type { RepositoryPlace } from "../settings/settings.ts";
import { blobKeyOf } from "../storage-keys.ts";
import { requireSameDigest } from "../validation.ts";
import { discardSession } from "./session.ts";
import { digestOfUpload, type HashedUpload } from "./upload-hash.ts";

export interface ReceivedBlob extends HashedUpload {
  readonly repository: RepositoryName;
  /** What the bytes should hash to. */
  readonly digest: Digest;
  /** The session that ends with it, also if the bytes hash to something else; absent if there is none. */
  readonly sessionId?: string;
  /** Asked once the bytes are verified, before they become a blob; what it throws keeps them from it. */
  readonly beforeCommit?: (() => Promise<unknown>) | undefined;
  /** Asked whether it may go where the repository is that had this name; absent: it may not. */
  readonly mayFollow?: MayFollow | undefined;
}

/**
 * Makes what was received a blob of the repository; ends the hasher. Bytes before rows: a crash between the two leaves bytes
 * that nobody names, never a name without bytes.
 * @throws RegistryError `digest-mismatch`, `upload-interrupted`, `unavailable`, `read-only`, `denied` where a quota would be
 *   exceeded; and what `beforeCommit` throws
 */
export async function commitBlob(registry: Registry, blob: ReceivedBlob): Promise<void> {
  const { digest, sessionId } = blob;
  const actual = await digestOfUpload(registry, blob, digest);
  if (actual !== digest && sessionId !== undefined) await discardSession(registry, sessionId);
  requireSameDigest(actual, digest);
  await blob.beforeCommit?.();
  // Receiving and hashing it may have taken minutes. A session stays where it was, to be finished later.
  await requireWritable(registry);
  const { storage } = registry;
  const { state, small } = blob;
  const storageKey = blobKeyOf(digest);
  // An upload that got nothing needs no end.
  const place = () => (small ? storage.write(storageKey, small) : storage.uploads.finish(state, storageKey));
  await record(registry, blob, place).catch((error: unknown) => recordElsewhere(registry, blob, error));
}

/** The bytes lie in their place by then, unless it took so long that they were cleaned up. */
async function recordElsewhere(registry: Registry, blob: ReceivedBlob, error: unknown): Promise<void> {
  try {
    if (!(error instanceof RepositoryMoved) || !(await blob.mayFollow?.(error.to))) throw error;
    await record(registry, { ...blob, repository: error.to }, () => requirePlaced(registry, blob));
  } catch (refusal) {
    if (refusal instanceof RegistryError && refusal.kind === "denied") await leaveToCleanUp(registry, blob);
    throw refusal;
  }
}

/** @throws RegistryError `unavailable` */
async function requirePlaced({ storage }: Registry, { digest }: ReceivedBlob): Promise<void> {
  if (await storage.stat(blobKeyOf(digest))) return;
  throw new RegistryError("unavailable", `storing ${digest} took too long: push the blob again`);
}

/** Bytes before rows. */
function record(registry: Registry, blob: ReceivedBlob, place: () => Promise<void>): Promise<unknown> {
  const { repository, digest, sessionId } = blob;
  const link = async (queries: Queries, { repositoryId: id }: RepositoryPlace) => {
    const nowMs = registry.clock.nowMs();
    const blobId = await putBlob(queries, { ...rowOf(blob), createdAtMs: nowMs });
    await linkBlob(queries, await ensurePushedRepository(queries, { name: repository, id, nowMs }), blobId, nowMs);
    if (sessionId !== undefined) await removeUpload(queries, sessionId);
  };
  return placeBlob(registry, {
    digest,
    storageKey: blobKeyOf(digest),
    place,
    record: (queries) => addWithinQuotas(queries, repository, (found) => link(queries, found)),
  });
}

function rowOf({ digest, state, small }: ReceivedBlob): Omit<NewBlob, "createdAtMs"> {
  const sizeBytes = small?.byteLength ?? state.offsetBytes;
  return { digest, sizeBytes, storageKey: blobKeyOf(digest), isVerified: true };
}

/** What was refused lies in its place already, and others may have it there: if nobody has, the next clean-up removes it. */
async function leaveToCleanUp(registry: Registry, blob: ReceivedBlob): Promise<void> {
  const { sessionId } = blob;
  await registry.metadata.transaction(async (queries) => {
    const nowMs = registry.clock.nowMs();
    const blobId = await putBlob(queries, { ...rowOf(blob), createdAtMs: nowMs });
    await condemnUnneededBlobs(queries, [blobId], nowMs);
  });
  if (sessionId !== undefined) await discardSession(registry, sessionId);
}
