import { WorkerThread, workerProgram } from "../../runtime/index.ts";
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

const PROGRAM = workerProgram("metadata/sqlite/checkpoint-worker.ts");

/** A thread with a connection of its own. It is started when it is first needed, and again after it died. */
export class CheckpointThread {
  readonly #options: CheckpointThreadOptions;
  #thread: WorkerThread<CheckpointRequest, CheckpointReply> | undefined;
  #due: PromiseWithResolvers<CheckpointReply> | undefined;

  constructor(options: CheckpointThreadOptions) {
    this.#options = options;
  }

  /**
   * One call at a time.
   * @throws Error if SQLite fails, or the thread dies meanwhile
   */
  async checkpoint(mode: CheckpointMode): Promise<Checkpoint> {
    this.#thread ??= this.#start();
    const reply = await this.#ask(this.#thread, { kind: "checkpoint", path: this.#options.databasePath, mode });
    if (reply.kind === "done") return reply.checkpoint;
    throw new Error(reply.kind === "failed" ? reply.message : "the checkpoint thread was closed");
  }

  /** Closes the thread's connection and ends it; a checkpoint under way is ended first. */
  async close(): Promise<void> {
    await this.#due?.promise.catch(() => undefined);
    const thread = this.#thread;
    if (!thread) return;
    // One that dies instead is closed as well.
    await this.#ask(thread, { kind: "close" }).catch(() => undefined);
    thread.end("the checkpoint thread was closed");
  }

  async #ask(
    thread: WorkerThread<CheckpointRequest, CheckpointReply>,
    request: CheckpointRequest,
  ): Promise<CheckpointReply> {
    this.#due = Promise.withResolvers<CheckpointReply>();
    thread.ask(request);
    try {
      return await this.#due.promise;
    } finally {
      this.#due = undefined;
    }
  }

  #start(): WorkerThread<CheckpointRequest, CheckpointReply> {
    return new WorkerThread<CheckpointRequest, CheckpointReply>({
      name: "checkpoints",
      program: this.#options.program ?? PROGRAM,
      onReply: (reply) => this.#due?.resolve(reply),
      onEnd: (reason) => {
        this.#thread = undefined;
        this.#due?.reject(new Error(reason));
      },
    });
  }
}
