import { algorithmOf, type Digest, type RepositoryName } from "../../oci/index.ts";
import { requireWritable } from "../maintenance/maintenance.ts";
import type { Registry } from "../registry.ts";
import { requireRoom } from "../quotas/add-within-quotas.ts";
import { commitBlob, type ReceivedBlob } from "./commit-blob.ts";
import { interrupted, receiveBytes, type RequestBody } from "./receive-bytes.ts";

export interface WholeBlob {
  readonly repository: RepositoryName;
  readonly digest: Digest;
  readonly body: RequestBody | null;
  /** How long the body is, if that is known before. */
  readonly announcedBytes?: number | undefined;
  /** As in `Reception`. */
  readonly onReceived?: ((bytes: number) => void) | undefined;
  /** As in `ReceivedBlob`. */
  readonly beforeCommit?: ReceivedBlob["beforeCommit"];
  readonly mayFollow?: ReceivedBlob["mayFollow"];
}

/**
 * Takes a whole blob in one request; leaves nothing if that fails.
 * @throws RegistryError `digest-mismatch`, `blob-too-large`, `upload-interrupted`, `read-only`, `denied` where a
 *   quota would be exceeded
 * @spec OCI distribution-spec, "Single POST"
 */
export async function putWholeBlob(registry: Registry, blob: WholeBlob): Promise<void> {
  await requireWritable(registry);
  const { repository, digest, announcedBytes: sizeBytes = 0, mayFollow } = blob;
  await requireRoom(registry, { repository, digest, sizeBytes, mayFollow });
  const id = registry.newId();
  // Its turn tells upkeep that these bytes, which no session names, belong to a request.
  await registry.uploadTurns.run(id, (signal) => receiveWholeBlob(registry, id, { ...blob, signal }));
}

type Reception = WholeBlob & { readonly signal: AbortSignal };

async function receiveWholeBlob(registry: Registry, id: string, blob: Reception): Promise<void> {
  const { repository, digest, body, onReceived, beforeCommit, mayFollow, signal } = blob;
  const algorithm = algorithmOf(digest);
  const state = { uploadId: id, offsetBytes: 0 };
  const hasher = registry.hashPool.start(algorithm);
  try {
    const reception = { registry, state, hasher, isLast: true, onReceived, signal };
    const received = body ? await receiveBytes({ ...reception, body }) : { state };
    if (received.interruption !== undefined) throw interrupted(received.interruption);
    await commitBlob(registry, { ...received, hasher, algorithm, signal, repository, digest, beforeCommit, mayFollow });
  } catch (error) {
    hasher.dispose();
    // What fails here as well, upkeep removes; the first error is the one to tell.
    await registry.storage.uploads.cancel(id).catch(() => undefined);
    throw error;
  }
}
