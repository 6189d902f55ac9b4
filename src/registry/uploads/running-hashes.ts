import type { StreamHasher } from "../../runtime/index.ts";

interface RunningHash {
  readonly hasher: StreamHasher;
  readonly hashedBytes: number;
}

/** More uploads than this at once hash their first part again when they finish. */
const MAX_KEPT = 1000;

/** Hashes of uploads that wait for their next request, so that nothing is read back and hashed a second time. */
export class RunningHashes {
  readonly #hashes = new Map<string, RunningHash>();

  /** Keeps the hash of the upload's first `hashedBytes` bytes. */
  keep(uploadId: string, hasher: StreamHasher, hashedBytes: number): void {
    this.drop(uploadId);
    this.#hashes.set(uploadId, { hasher, hashedBytes });
    for (const oldest of this.#hashes.keys()) {
      if (this.#hashes.size <= MAX_KEPT) break;
      this.drop(oldest);
    }
  }

  /** The hash of exactly the upload's first `hashedBytes` bytes, which the caller then owns; none whose worker has failed. */
  take(uploadId: string, hashedBytes: number): StreamHasher | undefined {
    const kept = this.#hashes.get(uploadId);
    if (kept?.hashedBytes !== hashedBytes || kept.hasher.hasFailed) {
      this.drop(uploadId);
      return undefined;
    }
    this.#hashes.delete(uploadId);
    return kept.hasher;
  }

  drop(uploadId: string): void {
    this.#hashes.get(uploadId)?.hasher.dispose();
    this.#hashes.delete(uploadId);
  }
}
