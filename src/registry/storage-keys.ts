import type { StoredBlob } from "../metadata/index.ts";
import { algorithmOf, type Digest, hexOf } from "../oci/index.ts";
import { parseStorageKey, type StorageKey } from "../storage/index.ts";

/** Below it lies the content of all repositories: `<algorithm>/<first two hex digits>/<hex>/data`. */
export const BLOBS_FOLDER = "docker/registry/v2/blobs";

/**
 * Where a blob's bytes lie. The same path as in registry:2, so that its data directory is taken over, and can be given
 * back, without copying:
 *
 *     docker/registry/v2/
 *       blobs/<algorithm>/<first two hex digits>/<hex>/data       content
 *     berth/
 *       uploads/<id>                                              what is being uploaded (the driver's own)
 *       described.json                                            that what lies beside the blobs says what there is
 *       quarantine/<digest>                                       what was found damaged
 *       berth.db                                                  metadata, unless configured elsewhere
 */
export function blobKeyOf(digest: Digest): StorageKey {
  const hex = hexOf(digest);
  return parseStorageKey(`${BLOBS_FOLDER}/${algorithmOf(digest)}/${hex.slice(0, 2)}/${hex}/data`);
}

/** Where a blob's bytes lie by its row; storage looks at the key when it is used. */
export function keyOf({ storageKey }: Pick<StoredBlob, "storageKey">): StorageKey {
  return storageKey as StorageKey;
}
