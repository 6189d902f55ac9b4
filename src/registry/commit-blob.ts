import { ensureRepository, linkBlob, putBlob, removeUpload } from "../metadata/index.ts";
import { type Digest, RegistryError, type RepositoryName } from "../oci/index.ts";
import type { UploadState } from "../storage/index.ts";
import type { Registry } from "./registry.ts";
import { blobKeyOf } from "./storage-keys.ts";

export interface VerifiedUpload {
  readonly repository: RepositoryName;
  /** What the bytes really hash to. */
  readonly digest: Digest;
  readonly state: UploadState;
  /** All of it, where storage has nothing yet. */
  readonly small?: Uint8Array | undefined;
  /** The session that ends with it; absent if there is none. */
  readonly sessionId?: string;
}

/** Bytes before rows: a crash between the two leaves bytes that nobody names, never a name without bytes. */
export async function commitBlob(registry: Registry, upload: VerifiedUpload): Promise<void> {
  const { repository, digest, state, small, sessionId } = upload;
  const storageKey = blobKeyOf(digest);
  const sizeBytes = small?.byteLength ?? state.offsetBytes;
  // An upload that got nothing needs no end.
  if (small) await registry.storage.write(storageKey, small);
  else await registry.storage.uploads.finish(state, storageKey);
  const nowMs = registry.clock.nowMs();
  await registry.metadata.transaction(async (queries) => {
    const blobId = await putBlob(queries, {
      digest,
      sizeBytes,
      storageKey,
      createdAtMs: nowMs,
      isVerified: true,
    });
    await linkBlob(queries, await ensureRepository(queries, repository, nowMs), blobId, nowMs);
    if (sessionId !== undefined) await removeUpload(queries, sessionId);
  });
}

/** @throws RegistryError `digest-mismatch` */
export function requireSameDigest(actual: Digest, wanted: Digest): void {
  if (actual === wanted) return;
  throw new RegistryError("digest-mismatch", `the content's digest is ${actual}, not ${wanted}: send it again`, {
    detail: { digest: wanted, actual },
  });
}
