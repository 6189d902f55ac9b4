import { findRepositoryId, type BlobContent, unlinkBlob } from "../metadata/index.ts";
import { type Digest, RegistryError, type RepositoryName } from "../oci/index.ts";
import { type ByteRange, parseStorageKey, type ReadableBytes } from "../storage/index.ts";
import { type Registry, requireDeletable } from "./registry.ts";

/**
 * A blob of this repository; one that only another repository has does not exist here.
 * @throws RegistryError `blob-unknown`
 */
export async function getBlob(registry: Registry, name: RepositoryName, digest: Digest): Promise<BlobContent> {
  return (await registry.metadata.hot.findBlobInRepository(name, digest)) ?? throwBlobUnknown(name, digest);
}

/**
 * The blob's bytes, or those of `range`.
 * @throws RegistryError `unavailable` if storage has lost them
 */
export async function readBlob(registry: Registry, blob: BlobContent, range?: ByteRange): Promise<ReadableBytes> {
  const bytes = await registry.storage.read(parseStorageKey(blob.storageKey), range);
  if (bytes !== undefined) return bytes;
  throw new RegistryError(
    "unavailable",
    `the bytes of ${blob.digest} are missing from storage: push the blob again to restore it`,
    { detail: { digest: blob.digest } },
  );
}

/**
 * Takes the blob from the repository; its bytes stay until clean-up finds that no repository has it.
 * @throws RegistryError `blob-unknown`, `delete-disabled`, `read-only`
 */
export async function deleteBlob(registry: Registry, name: RepositoryName, digest: Digest): Promise<void> {
  requireDeletable(registry);
  const removed = await registry.metadata.transaction(async (queries) => {
    const repositoryId = await findRepositoryId(queries, name);
    return repositoryId !== undefined && (await unlinkBlob(queries, repositoryId, digest));
  });
  if (!removed) throwBlobUnknown(name, digest);
}

function throwBlobUnknown(name: RepositoryName, digest: Digest): never {
  throw new RegistryError("blob-unknown", `${name} has no blob ${digest}`, { detail: { name, digest } });
}
