import type { HashReply, HashRequest } from "./hash-messages.ts";

/** What a worker thread tells the hasher it works for. */
export interface HashListener {
  hashed(chunk: Uint8Array<ArrayBuffer>): void;
  digest(hex: string): void;
  /** Nothing more comes after this. */
  failed(error: Error): void;
}

/**
 * A compiled executable holds its entry points below one root, `src` by the build command, and resolves `./` there;
 * everywhere else the worker lies beside this file.
 */
const workerLocation = Bun.isStandaloneExecutable
  ? "./runtime/hashing/hash-worker.ts"
  : new URL("./hash-worker.ts", import.meta.url).href;

/** One worker thread and the hashers that share it. It keeps the process alive only while a reply is due. */
export class HashWorkerThread {
  readonly #worker: Worker;
  readonly #listeners = new Map<number, HashListener>();
  readonly #onEnd: (thread: HashWorkerThread) => void;
  #repliesDue = 0;

  constructor(onEnd: (thread: HashWorkerThread) => void) {
    this.#onEnd = onEnd;
    this.#worker = new Worker(workerLocation, { name: "hashing" });
    this.#worker.unref();
    this.#worker.addEventListener("message", ({ data }: MessageEvent<HashReply>) => this.#receive(data));
    this.#worker.addEventListener("error", (event) => this.end(`hashing worker failed: ${event.message}`));
    this.#worker.addEventListener("close", () => this.end("hashing worker stopped"));
  }

  get hashers(): number {
    return this.#listeners.size;
  }

  add(hasherId: number, listener: HashListener): void {
    this.#listeners.set(hasherId, listener);
  }

  /** The memory of a chunk is moved to the worker, or copied if other bytes lie before it in its buffer. */
  send(request: HashRequest): void {
    if (request.kind === "drop") this.#listeners.delete(request.hasherId);
    else if (++this.#repliesDue === 1) this.#worker.ref();
    this.#worker.postMessage(request, transferList(request));
  }

  /** Stops the thread; every hasher on it fails with `message`. */
  end(message: string): void {
    const listeners = [...this.#listeners.values()];
    this.#listeners.clear();
    this.#worker.unref();
    this.#worker.terminate();
    this.#onEnd(this);
    for (const listener of listeners) listener.failed(new Error(message));
  }

  #receive(reply: HashReply): void {
    if (--this.#repliesDue === 0) this.#worker.unref();
    const listener = this.#listeners.get(reply.hasherId);
    if (reply.kind === "hashed") return listener?.hashed(reply.chunk);
    this.#listeners.delete(reply.hasherId);
    listener?.digest(reply.hex);
  }
}

function transferList(request: HashRequest): ArrayBuffer[] {
  if (request.kind !== "chunk" || request.chunk.byteOffset !== 0) return [];
  return [request.chunk.buffer];
}
