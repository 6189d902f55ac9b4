import type { Digest } from "../oci/index.ts";

/** Of more than this the oldest is forgotten, until somebody asks for its bytes again. */
const MAX_KNOWN = 10_000;

/** Blobs whose bytes were found missing or damaged since the start. To a client that asks, they are not there: it pushes them again. */
export class LostBlobs {
  readonly #digests = new Set<Digest>();

  add(digest: Digest): void {
    this.#digests.add(digest);
    if (this.#digests.size <= MAX_KNOWN) return;
    for (const oldest of this.#digests) {
      this.#digests.delete(oldest);
      return;
    }
  }

  has(digest: Digest): boolean {
    return this.#digests.has(digest);
  }

  delete(digest: Digest): void {
    this.#digests.delete(digest);
  }
}
