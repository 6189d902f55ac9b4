import { freeMemory } from "../free-memory.ts";

/** What chunks begin with. */
export const smallestChunkBytes = 32 * 1024;
const mostFreeBytes = 16 * 1024 * 1024;

/**
 * Memory for chunks, used again and again: the garbage of a fast upload is gigabytes, and pages that the system has just given
 * cost more than what is done with them.
 */
export class ChunkBuffers {
  readonly #free = new Map<number, ArrayBuffer[]>();
  #freeBytes = 0;

  /** Holds whatever was in it before: never a byte of it leaves that was not written first. */
  take(sizeBytes: number): Uint8Array<ArrayBuffer> {
    const buffer = this.#free.get(sizeBytes)?.pop();
    if (!buffer) return new Uint8Array(Buffer.allocUnsafeSlow(sizeBytes).buffer);
    this.#freeBytes -= sizeBytes;
    return new Uint8Array(buffer);
  }

  /** Takes a buffer back that nobody uses any more; keeps at most 16 MiB of them and frees the rest. */
  give(buffer: ArrayBuffer): void {
    const sizeBytes = buffer.byteLength;
    if (!isChunkSize(sizeBytes) || this.#freeBytes + sizeBytes > mostFreeBytes) {
      freeMemory(new Uint8Array(buffer));
      return;
    }
    const free = this.#free.get(sizeBytes) ?? [];
    this.#free.set(sizeBytes, free);
    free.push(buffer);
    this.#freeBytes += sizeBytes;
  }
}

/** Chunks grow and shrink by halves. */
function isChunkSize(sizeBytes: number): boolean {
  return sizeBytes >= smallestChunkBytes && (sizeBytes & (sizeBytes - 1)) === 0;
}
