import { WorkerThread, workerProgram } from "../worker-thread.ts";
import type { HashReply, HashRequest } from "./hash-messages.ts";

/** What a worker thread tells the hasher it works for. */
export interface HashListener {
  hashed(chunk: Uint8Array<ArrayBuffer>): void;
  digest(hex: string): void;
  /** Nothing more comes after this. */
  failed(error: Error): void;
}

/** One worker thread and the hashers that share it. */
export class HashWorkerThread {
  readonly #thread: WorkerThread<HashRequest, HashReply>;
  readonly #listeners = new Map<number, HashListener>();

  constructor(onEnd: (thread: HashWorkerThread) => void) {
    this.#thread = new WorkerThread<HashRequest, HashReply>({
      name: "hashing",
      program: workerProgram("runtime/hashing/hash-worker.ts"),
      onReply: (reply) => this.#receive(reply),
      onEnd: (reason) => {
        onEnd(this);
        this.#failAll(new Error(reason));
      },
    });
  }

  get hashers(): number {
    return this.#listeners.size;
  }

  add(hasherId: number, listener: HashListener): void {
    this.#listeners.set(hasherId, listener);
  }

  /** The memory of a chunk is moved to the worker, or copied if other bytes lie before it in its buffer. */
  send(request: HashRequest): void {
    if (request.kind !== "drop") return this.#thread.ask(request, movedWith(request));
    this.#listeners.delete(request.hasherId);
    this.#thread.tell(request);
  }

  /** Stops the thread; every hasher on it fails with `message`. */
  end(message: string): void {
    this.#thread.end(message);
  }

  #failAll(error: Error): void {
    const listeners = [...this.#listeners.values()];
    this.#listeners.clear();
    for (const listener of listeners) listener.failed(error);
  }

  #receive(reply: HashReply): void {
    const listener = this.#listeners.get(reply.hasherId);
    if (reply.kind === "hashed") return listener?.hashed(reply.chunk);
    this.#listeners.delete(reply.hasherId);
    listener?.digest(reply.hex);
  }
}

function movedWith(request: HashRequest): ArrayBuffer[] {
  if (request.kind !== "chunk" || request.chunk.byteOffset !== 0) return [];
  return [request.chunk.buffer];
}
