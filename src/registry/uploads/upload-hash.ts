import { algorithmOf, type Digest, type DigestAlgorithm, digestFromHex, digestOf } from "../../oci/index.ts";
import { gatherChunks, type StreamHasher } from "../../runtime/index.ts";
import type { UploadState } from "../../storage/index.ts";
import { interrupted } from "./receive-bytes.ts";
import type { Registry } from "../registry.ts";
import type { UploadSession } from "./session.ts";

/**
 * The running hash of the upload so far, which the caller owns; where none was kept, as after a restart, the bytes are read
 * back.
 * @throws RegistryError `upload-interrupted` when `signal` is aborted meanwhile
 */
export async function hasherAt(registry: Registry, session: UploadSession, signal: AbortSignal): Promise<StreamHasher> {
  const kept = registry.runningHashes.take(session.id, session.state.offsetBytes);
  return kept ?? hashAgain(registry, { ...session, signal });
}

/** An upload's bytes, hashed with an algorithm that was only a guess when the session started. */
export interface HashedUpload {
  readonly state: UploadState;
  readonly hasher: StreamHasher;
  /** All of it, where storage and hasher have nothing. */
  readonly small?: Uint8Array | undefined;
  readonly algorithm: DigestAlgorithm;
  readonly signal: AbortSignal;
}

/**
 * The upload's digest under the algorithm of `wanted`; ends the hasher.
 * @throws RegistryError `upload-interrupted` when `signal` is aborted while the bytes are read back
 */
export async function digestOfUpload(registry: Registry, upload: HashedUpload, wanted: Digest): Promise<Digest> {
  const algorithm = algorithmOf(wanted);
  if (upload.small) {
    upload.hasher.dispose();
    return digestOf(upload.small, algorithm);
  }
  if (algorithm === upload.algorithm) return digestFromHex(algorithm, await upload.hasher.digestHex());
  upload.hasher.dispose();
  const again = await hashAgain(registry, { ...upload, algorithm });
  return digestFromHex(algorithm, await again.digestHex());
}

type StoredUpload = Omit<HashedUpload, "hasher" | "small">;

async function hashAgain(registry: Registry, { state, algorithm, signal }: StoredUpload): Promise<StreamHasher> {
  const hasher = registry.hashPool.start(algorithm);
  try {
    for await (const chunk of chunksOf(registry, state)) {
      if (signal.aborted) throw interrupted(signal.reason);
      await hasher.update(chunk);
    }
    return hasher;
  } catch (error) {
    hasher.dispose();
    throw error;
  }
}

async function* chunksOf(
  { storage, clock, hashPool: { buffers } }: Registry,
  state: UploadState,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
  if (state.offsetBytes === 0) return;
  const bytes = await storage.uploads.read(state);
  yield* gatherChunks(bytes.stream(), { clock, buffers });
}
