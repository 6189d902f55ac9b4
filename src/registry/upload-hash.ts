import type { UploadRecord } from "../metadata/index.ts";
import { algorithmOf, type Digest, type DigestAlgorithm, digestFromHex } from "../oci/index.ts";
import { gatherChunks, type StreamHasher } from "../runtime/index.ts";
import type { ReadableBytes, UploadState } from "../storage/index.ts";
import type { Registry } from "./registry.ts";

/** The running hash of the upload so far; another process, or this one after a restart, reads the bytes back. */
export async function hasherAt(registry: Registry, upload: UploadRecord, state: UploadState): Promise<StreamHasher> {
  const kept = registry.runningHashes.take(upload.id, state.offsetBytes);
  if (kept) return kept;
  const hasher = registry.hashPool.start(upload.algorithm);
  if (state.offsetBytes > 0) await hashAll(hasher, await registry.storage.readUpload(state));
  return hasher;
}

/** An upload's bytes, hashed with an algorithm that was only a guess when the session started. */
export interface HashedUpload {
  readonly state: UploadState;
  readonly hasher: StreamHasher;
  readonly algorithm: DigestAlgorithm;
}

/** The upload's digest under the algorithm of `wanted`; ends the hasher. */
export async function digestOfUpload(registry: Registry, upload: HashedUpload, wanted: Digest): Promise<Digest> {
  const algorithm = algorithmOf(wanted);
  if (algorithm === upload.algorithm) return digestFromHex(algorithm, await upload.hasher.digestHex());
  upload.hasher.dispose();
  const again = registry.hashPool.start(algorithm);
  await hashAll(again, await registry.storage.readUpload(upload.state));
  return digestFromHex(algorithm, await again.digestHex());
}

async function hashAll(hasher: StreamHasher, bytes: ReadableBytes): Promise<void> {
  const stream = bytes instanceof Blob ? bytes.stream() : bytes;
  try {
    for await (const chunk of gatherChunks(stream)) await hasher.update(chunk);
  } catch (error) {
    hasher.dispose();
    throw error;
  }
}
