import type { FileHandle } from "node:fs/promises";

import { writeError } from "./filesystem-error.ts";
import { writeFully } from "./write-fully.ts";

export interface OpenUpload {
  readonly handle: FileHandle;
  readonly path: string;
  readonly offsetBytes: number;
}

const syncEveryBytes = 32 * 1024 * 1024;

/**
 * Writes chunks one after another from an offset on and returns the offset behind them; they are durable then.
 * @throws StorageError, or whatever `chunks` throws.
 */
export async function writeChunks(upload: OpenUpload, chunks: AsyncIterable<Uint8Array>): Promise<number> {
  const sync = new BackgroundSync(upload);
  let offsetBytes = upload.offsetBytes;
  try {
    for await (const chunk of chunks) {
      await writeChunk(upload, chunk, offsetBytes);
      offsetBytes += chunk.byteLength;
      await sync.add(chunk.byteLength);
    }
    await sync.finish();
  } finally {
    await sync.settled();
  }
  return offsetBytes;
}

async function writeChunk({ handle, path }: OpenUpload, chunk: Uint8Array, offsetBytes: number): Promise<void> {
  try {
    await writeFully(handle, chunk, offsetBytes);
  } catch (error) {
    throw writeError(error, path);
  }
}

/** Brings written bytes to the disk while more are written, so that little is left to wait for at the end. */
class BackgroundSync {
  readonly #upload: OpenUpload;
  #unsyncedBytes = 0;
  #running: Promise<StorageSyncOutcome> = Promise.resolve(undefined);

  constructor(upload: OpenUpload) {
    this.#upload = upload;
  }

  /** Waits when the disk is a whole turn behind, so that the bytes in the page cache stay bounded. */
  async add(sizeBytes: number): Promise<void> {
    this.#unsyncedBytes += sizeBytes;
    if (this.#unsyncedBytes < syncEveryBytes) return;
    await this.#finishRunning();
    this.#unsyncedBytes = 0;
    this.#running = this.#sync();
  }

  async finish(): Promise<void> {
    await this.#finishRunning();
    this.#running = this.#sync();
    await this.#finishRunning();
  }

  /** Nothing uses the file any more. */
  async settled(): Promise<void> {
    await this.#running;
  }

  async #finishRunning(): Promise<void> {
    const outcome = await this.#running;
    if (outcome) throw writeError(outcome.failure, this.#upload.path);
  }

  /** Never rejects, as nobody may be waiting; a failure stays, since the kernel reports it only once. */
  async #sync(): Promise<StorageSyncOutcome> {
    try {
      await this.#upload.handle.datasync();
      return undefined;
    } catch (failure) {
      return { failure };
    }
  }
}

type StorageSyncOutcome = { readonly failure: unknown } | undefined;
