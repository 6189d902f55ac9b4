import { ensureRepository, linkBlob, putBlob, removeUpload } from "../../metadata/index.ts";
import type { Digest, RepositoryName } from "../../oci/index.ts";
import { placeBlob } from "../collection/place-blob.ts";
import type { Registry } from "../registry.ts";
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
}

/**
 * Makes what was received a blob of the repository; ends the hasher. Bytes before rows: a crash between the two leaves bytes
 * that nobody names, never a name without bytes.
 * @throws RegistryError `digest-mismatch`, `upload-interrupted`, `unavailable`; and what `beforeCommit` throws
 */
export async function commitBlob(registry: Registry, blob: ReceivedBlob): Promise<void> {
  const { digest, sessionId } = blob;
  const actual = await digestOfUpload(registry, blob, digest);
  if (actual !== digest && sessionId !== undefined) await discardSession(registry, sessionId);
  requireSameDigest(actual, digest);
  await blob.beforeCommit?.();
  await commitVerified(registry, blob);
}

async function commitVerified(registry: Registry, blob: ReceivedBlob): Promise<void> {
  const { repository, digest, state, small, sessionId } = blob;
  const { storage, clock } = registry;
  const storageKey = blobKeyOf(digest);
  const sizeBytes = small?.byteLength ?? state.offsetBytes;
  await placeBlob(registry, {
    digest,
    storageKey,
    // An upload that got nothing needs no end.
    place: () => (small ? storage.write(storageKey, small) : storage.uploads.finish(state, storageKey)),
    async record(queries) {
      const nowMs = clock.nowMs();
      const blobId = await putBlob(queries, { digest, sizeBytes, storageKey, createdAtMs: nowMs, isVerified: true });
      await linkBlob(queries, await ensureRepository(queries, repository, nowMs), blobId, nowMs);
      if (sessionId !== undefined) await removeUpload(queries, sessionId);
    },
  });
}
