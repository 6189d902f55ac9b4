import type { ChunkBuffers } from "./chunk-buffers.ts";
import type { HashAlgorithm } from "./hash-messages.ts";
import type { HashListener, HashWorkerThread } from "./hash-worker-thread.ts";

/** Up to here a worker costs about as much as it saves, also where the processor has no instructions for SHA. */
const inlineBytes = 64 * 1024;
const mostOutstandingBytes = 4 * 1024 * 1024;

export interface StreamHasherOptions {
  readonly algorithm: HashAlgorithm;
  readonly hasherId: number;
  readonly findThread: () => HashWorkerThread;
  /** Gets the memory of chunks when they are hashed. */
  readonly buffers: ChunkBuffers;
}

/** The hash of one stream: a short one is hashed on the calling thread, a longer one by a worker. */
export class StreamHasher {
  readonly #options: StreamHasherOptions;
  #held: Uint8Array<ArrayBuffer>[] = [];
  #heldBytes = 0;
  #thread: HashWorkerThread | undefined;
  #outstandingBytes = 0;
  #waiting: PromiseWithResolvers<void> | undefined;
  #digest: PromiseWithResolvers<string> | undefined;
  #failure: Error | undefined;

  constructor(options: StreamHasherOptions) {
    this.#options = options;
  }

  /** Whether its worker died; it has no digest then. */
  get hasFailed(): boolean {
    return this.#failure !== undefined;
  }

  /**
   * Takes the chunk and its memory, which the caller must not touch again: it is a buffer's only view, as
   * `gatherChunks` yields it. Resolves when at most 4 MiB are waiting to be hashed. One call at a time.
   * @throws Error when the worker failed, or after `digestHex` or `dispose`.
   */
  async update(chunk: Uint8Array<ArrayBuffer>): Promise<void> {
    this.#requireOpen();
    if (chunk.byteLength === 0) return;
    if (this.#thread) {
      this.#send(this.#thread, chunk);
    } else {
      this.#held.push(chunk);
      this.#heldBytes += chunk.byteLength;
      if (this.#heldBytes > inlineBytes) this.#moveToThread();
    }
    if (this.#outstandingBytes <= mostOutstandingBytes) return;
    this.#waiting = Promise.withResolvers();
    await this.#waiting.promise;
  }

  /** The digest of all that was handed over, in lower-case hexadecimal; ends the stream. */
  async digestHex(): Promise<string> {
    this.#requireOpen();
    this.#digest = Promise.withResolvers();
    if (this.#thread) this.#thread.send({ kind: "digest", hasherId: this.#options.hasherId });
    else this.#digest.resolve(this.#hashHeld());
    return this.#digest.promise;
  }

  /** Drops the stream. Does nothing when it has ended. */
  dispose(): void {
    if (this.#failure || this.#digest) return;
    this.#thread?.send({ kind: "drop", hasherId: this.#options.hasherId });
    this.#fail(new Error("the hash of this stream was dropped"));
  }

  #hashHeld(): string {
    const hasher = new Bun.CryptoHasher(this.#options.algorithm);
    for (const chunk of this.#held.splice(0)) {
      hasher.update(chunk);
      this.#options.buffers.give(chunk.buffer);
    }
    return hasher.digest("hex");
  }

  #moveToThread(): void {
    const thread = this.#options.findThread();
    thread.add(this.#options.hasherId, this.#listener());
    this.#thread = thread;
    for (const chunk of this.#held.splice(0)) this.#send(thread, chunk);
  }

  #send(thread: HashWorkerThread, chunk: Uint8Array<ArrayBuffer>): void {
    this.#outstandingBytes += chunk.byteLength;
    const { algorithm, hasherId } = this.#options;
    thread.send({ kind: "chunk", hasherId, algorithm, chunk });
  }

  #listener(): HashListener {
    return {
      hashed: (chunk) => {
        this.#outstandingBytes -= chunk.byteLength;
        this.#options.buffers.give(chunk.buffer);
        if (this.#outstandingBytes <= mostOutstandingBytes) this.#waiting?.resolve();
      },
      digest: (hex) => this.#digest?.resolve(hex),
      failed: (error) => this.#fail(error),
    };
  }

  #fail(error: Error): void {
    this.#failure = error;
    this.#held = [];
    this.#waiting?.reject(error);
    this.#digest?.reject(error);
  }

  #requireOpen(): void {
    if (this.#failure) throw this.#failure;
    if (this.#digest) throw new Error("the hash of this stream has ended");
  }
}
