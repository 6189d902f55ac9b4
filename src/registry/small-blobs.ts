import type { StoredBlob } from "../metadata/index.ts";
import { type Digest, hasDigest } from "../oci/index.ts";
import { RecentlyUsed } from "../runtime/index.ts";
import { type StorageDriver, StorageError } from "../storage/index.ts";
import { keyOf } from "./storage-keys.ts";

/** Configurations, signatures and the like. Larger ones the kernel sends from its own memory. */
const MAX_SMALL_BYTES = 64 * 1024;
const MAX_KEPT_BYTES = 8 * 1024 * 1024;
/** What an entry costs beside its bytes. */
const ENTRY_BYTES = 256;

/** Small blobs that were asked for last; a digest names the same bytes for ever. */
export class SmallBlobs {
  readonly #kept = new RecentlyUsed<Uint8Array>(MAX_KEPT_BYTES);

  isSmall(blob: StoredBlob): boolean {
    return blob.sizeBytes <= MAX_SMALL_BYTES;
  }

  /** All bytes, which nobody may change, if they were read lately. */
  find(digest: Digest): Uint8Array | undefined {
    return this.#kept.get(digest)?.value;
  }

  /**
   * All bytes of a small blob, from storage, which nobody may change; `undefined` if they are not there.
   * @throws StorageError `corrupt` if they are not those of the digest
   */
  async read(storage: StorageDriver, blob: StoredBlob): Promise<Uint8Array | undefined> {
    const { digest, sizeBytes } = blob;
    const stored = await storage.read(keyOf(blob), { sizeBytes });
    if (stored === undefined) return undefined;
    const bytes = await stored.bytes();
    if (!hasDigest(bytes, digest))
      throw new StorageError("corrupt", `the stored bytes of ${digest} have another digest`);
    this.#kept.set(digest, bytes, bytes.byteLength + ENTRY_BYTES);
    return bytes;
  }
}
