import type { Checkpoint, CheckpointMode } from "./checkpoint.ts";

/** To the thread, which answers each with one `CheckpointReply`. */
export type CheckpointRequest =
  | { readonly kind: "checkpoint"; readonly path: string; readonly mode: CheckpointMode }
  | { readonly kind: "close" };

export type CheckpointReply =
  | { readonly kind: "done"; readonly checkpoint: Checkpoint }
  | { readonly kind: "failed"; readonly message: string }
  | { readonly kind: "closed" };

export interface CheckpointThreadOptions {
  readonly databasePath: string;
  /** The program, if it is not ours. */
  readonly program?: string;
}

/**
 * A compiled executable holds its entry points below one root, `src` by the build command, and resolves `./` there;
 * everywhere else the worker lies beside this file.
 */
const workerLocation = Bun.isStandaloneExecutable
  ? "./metadata/sqlite/checkpoint-worker.ts"
  : new URL("./checkpoint-worker.ts", import.meta.url).href;

/**
 * A thread with a connection of its own. It is started when it is first needed, and again after it died. It keeps the process
 * alive only while a reply is due.
 */
export class CheckpointThread {
  readonly #options: CheckpointThreadOptions;
  #worker: Worker | undefined;
  #due: PromiseWithResolvers<CheckpointReply> | undefined;

  constructor(options: CheckpointThreadOptions) {
    this.#options = options;
  }

  /**
   * One call at a time.
   * @throws Error if SQLite fails, or the thread dies meanwhile
   */
  async checkpoint(mode: CheckpointMode): Promise<Checkpoint> {
    this.#worker ??= this.#start();
    const reply = await this.#ask(this.#worker, { kind: "checkpoint", path: this.#options.databasePath, mode });
    if (reply.kind === "done") return reply.checkpoint;
    throw new Error(reply.kind === "failed" ? reply.message : "the checkpoint thread was closed");
  }

  /** Closes the thread's connection and ends it; a checkpoint under way is ended first. */
  async close(): Promise<void> {
    await this.#due?.promise.catch(() => undefined);
    if (!this.#worker) return;
    // One that dies instead is closed as well.
    await this.#ask(this.#worker, { kind: "close" }).catch(() => undefined);
    this.#end("the checkpoint thread was closed");
  }

  async #ask(worker: Worker, request: CheckpointRequest): Promise<CheckpointReply> {
    this.#due = Promise.withResolvers<CheckpointReply>();
    worker.ref();
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker's has none
    worker.postMessage(request);
    try {
      return await this.#due.promise;
    } finally {
      worker.unref();
      this.#due = undefined;
    }
  }

  #start(): Worker {
    const worker = new Worker(this.#options.program ?? workerLocation, { name: "checkpoints" });
    const ended = (reason: string) => {
      if (this.#worker === worker) this.#end(reason);
    };
    worker.unref();
    worker.addEventListener("message", ({ data }: MessageEvent<CheckpointReply>) => this.#due?.resolve(data));
    worker.addEventListener("error", ({ message }) => ended(`the checkpoint thread failed: ${message}`));
    worker.addEventListener("close", () => ended("the checkpoint thread stopped"));
    return worker;
  }

  #end(reason: string): void {
    this.#worker?.terminate();
    this.#worker = undefined;
    this.#due?.reject(new Error(reason));
  }
}
