import type { Clock } from "../clock.ts";
import { ChunkBuffers, smallestChunkBytes } from "./chunk-buffers.ts";

export interface GatherOptions {
  /** The largest chunk. */
  readonly chunkBytes?: number;
  readonly clock: Clock;
  /** Where the chunks' memory comes from; default: the system. */
  readonly buffers?: ChunkBuffers;
}

const defaultChunkBytes = 4 * 1024 * 1024;
const quickMs = 50;
const slowMs = 250;

/**
 * Gathers network-sized pieces into chunks that are worth a system call each.
 * A chunk is at the start of a buffer of its own, which nothing touches any more: its memory may be transferred.
 * Chunks grow from 32 KiB to `chunkBytes` as long as they fill quickly, and shrink again when they do not, so that
 * hundreds of slow uploads hold little memory. While one chunk is used the next is gathered, but no more than that.
 */
export async function* gatherChunks(
  source: ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>,
  options: GatherOptions,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
  const chunks = fillChunks(source, options);
  let gathering = chunks.next();
  try {
    for (;;) {
      const { done, value: chunk } = await gathering;
      if (done) return;
      gathering = chunks.next();
      // Its failure is for who asks for that chunk, if anybody does.
      gathering.catch(() => undefined);
      yield chunk;
    }
  } finally {
    // Not awaited: a source that stands still would hold up the news that its bytes are not wanted any more.
    chunks.return().catch(() => undefined);
  }
}

async function* fillChunks(
  source: AsyncIterable<Uint8Array>,
  { chunkBytes = defaultChunkBytes, clock, buffers = new ChunkBuffers() }: GatherOptions,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
  let capacityBytes = Math.min(smallestChunkBytes, chunkBytes);
  let buffer: Uint8Array<ArrayBuffer> | undefined;
  let filledBytes = 0;
  let startedAtMs = clock.nowMs();
  for await (const piece of source) {
    let takenBytes = 0;
    while (takenBytes < piece.byteLength) {
      // Not before there is something to put in: a slow upload waits most of the time.
      buffer ??= buffers.take(capacityBytes);
      const part = piece.subarray(takenBytes, takenBytes + capacityBytes - filledBytes);
      buffer.set(part, filledBytes);
      filledBytes += part.byteLength;
      takenBytes += part.byteLength;
      if (filledBytes < capacityBytes) continue;
      yield buffer;
      const nowMs = clock.nowMs();
      capacityBytes = nextCapacity(capacityBytes, nowMs - startedAtMs, chunkBytes);
      startedAtMs = nowMs;
      buffer = undefined;
      filledBytes = 0;
    }
  }
  if (!buffer) return;
  const last = trim(buffer, filledBytes);
  if (last.buffer !== buffer.buffer) buffers.give(buffer.buffer);
  yield last;
}

/** A copy where most of the buffer is empty: who keeps many small chunks, as an upload byte by byte does, keeps no more. */
function trim(buffer: Uint8Array<ArrayBuffer>, filledBytes: number): Uint8Array<ArrayBuffer> {
  return filledBytes * 2 > buffer.byteLength ? buffer.subarray(0, filledBytes) : buffer.slice(0, filledBytes);
}

/** Counts the consumer's time too: many quick uploads that share a disk are slow ones. */
function nextCapacity(capacityBytes: number, elapsedMs: number, largestBytes: number): number {
  if (elapsedMs <= quickMs) return Math.min(capacityBytes * 2, largestBytes);
  if (elapsedMs >= slowMs) return Math.max(Math.floor(capacityBytes / 2), Math.min(smallestChunkBytes, largestBytes));
  return capacityBytes;
}
