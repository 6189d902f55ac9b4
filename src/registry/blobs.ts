import { type ActOrigin, findRepositoryId, type StoredBlob, unlinkBlob } from "../metadata/index.ts";
import { type Digest, RegistryError, type RepositoryName } from "../oci/index.ts";
import { type Soon, whenThere } from "../runtime/index.ts";
import { type ByteRange, StorageError } from "../storage/index.ts";
import { renewStay } from "./collection/renew-stay.ts";
import { isLost, mayBeBack, noteDamaged, noteFound, noteLost } from "./lost-blobs.ts";
import { record } from "./record.ts";
import { type Registry, requireDeletable } from "./registry.ts";
import { requireApproved } from "./approvals/require-approved.ts";
import { requireNotRunning } from "./in-use/guard-running.ts";
import { requireContentDeletable } from "./settings/guard-content.ts";
import { keyOf } from "./storage-keys.ts";

/**
 * A blob of this repository; one that only another repository has does not exist here.
 * @throws RegistryError `blob-unknown`
 */
export function getBlob(registry: Registry, name: RepositoryName, digest: Digest): Soon<StoredBlob> {
  const found = registry.metadata.hot.findBlobInRepository(name, digest);
  return whenThere(found, (blob) => blob ?? throwBlobUnknown(name, digest));
}

/**
 * A blob of this repository for a client that decides by it whether to push: clean-up gives it time to name it. One whose bytes are known
 * to be lost is not there.
 * @throws RegistryError `blob-unknown`
 */
export function getBlobHead(registry: Registry, name: RepositoryName, digest: Digest): Soon<StoredBlob> {
  return whenThere(registry.metadata.hot.findBlobToName(name, digest), (blob) => {
    if (!blob) return throwBlobUnknown(name, digest);
    const isThere = whenThere(isLost(registry, blob), (lost) => !lost && renewStay(registry, name, blob));
    return whenThere(isThere, (stays) => (stays ? blob : throwBlobUnknown(name, digest)));
  });
}

/** Those of a small blob come from memory: nobody may change them. */
export type BlobBytes = Blob | Uint8Array;

/**
 * The blob's bytes, or those of `range`; at once where they are in memory. A loss that shows is put on record.
 * @throws RegistryError `unavailable` if storage has lost some of them
 */
export function readBlob(registry: Registry, blob: StoredBlob, range?: ByteRange): Soon<BlobBytes> {
  const kept = blob.lostReason === null ? registry.smallBlobs.find(blob.digest) : undefined;
  return kept ? partOf(kept, range) : readFromStorage(registry, blob, range);
}

async function readFromStorage(registry: Registry, blob: StoredBlob, range?: ByteRange): Promise<BlobBytes> {
  const { digest } = blob;
  if (!mayBeBack(registry, blob)) throw bytesLost(digest, "are damaged in storage");
  try {
    const bytes = await readBytes(registry, blob, range);
    if (bytes !== undefined) {
      if (blob.lostReason !== null) await noteFound(registry, blob);
      return bytes;
    }
  } catch (error) {
    if (!(error instanceof StorageError) || error.reason !== "corrupt") throw error;
    await noteDamaged(registry, blob);
    throw bytesLost(digest, "are damaged in storage", error);
  }
  await noteLost(registry, blob, "missing");
  throw bytesLost(digest, "are missing from storage");
}

async function readBytes(
  { storage, smallBlobs }: Registry,
  blob: StoredBlob,
  range: ByteRange | undefined,
): Promise<BlobBytes | undefined> {
  const { sizeBytes } = blob;
  if (!smallBlobs.isSmall(blob)) return storage.read(keyOf(blob), { range, sizeBytes });
  const bytes = await smallBlobs.read(storage, blob);
  return bytes && partOf(bytes, range);
}

function partOf(bytes: Uint8Array, range: ByteRange | undefined): Uint8Array {
  return range ? bytes.subarray(range.firstByte, range.lastByte + 1) : bytes;
}

function bytesLost(digest: Digest, fault: string, cause?: StorageError): RegistryError {
  const message = `the bytes of ${digest} ${fault}: push the blob again to restore it`;
  return new RegistryError("unavailable", message, { detail: { digest }, cause });
}

export interface BlobDeletion {
  readonly repository: RepositoryName;
  readonly digest: Digest;
  readonly by: ActOrigin;
}

/**
 * Takes the blob from the repository; its bytes stay until clean-up finds that no repository has it.
 * @throws RegistryError `blob-unknown`, `delete-disabled`, `read-only`, `denied` for what is protected, or an immutable tag or something running
 * needs
 */
export async function deleteBlob(registry: Registry, { repository, digest, by }: BlobDeletion): Promise<void> {
  await requireDeletable(registry);
  const removed = await registry.metadata.transaction(async (queries) => {
    const repositoryId = await findRepositoryId(queries, repository);
    if (repositoryId === undefined || !(await unlinkBlob(queries, repositoryId, digest))) return false;
    // Undoes it.
    await requireContentDeletable(queries, { repository, repositoryId, digest });
    await requireNotRunning(queries, { repository, repositoryId, digest, nowMs: registry.clock.nowMs() });
    await requireApproved(queries, { repository });
    await record(registry, queries, { ...by, act: "blob.delete", target: repository, detail: { digest } });
    return true;
  });
  if (!removed) throwBlobUnknown(repository, digest);
}

function throwBlobUnknown(name: RepositoryName, digest: Digest): never {
  throw new RegistryError("blob-unknown", `${name} has no blob ${digest}`, { detail: { name, digest } });
}
