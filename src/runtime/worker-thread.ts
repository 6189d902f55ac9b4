export interface WorkerThreadOptions<Reply> {
  readonly name: string;
  /** As `workerProgram` gives it. */
  readonly program: string;
  readonly onReply: (reply: Reply) => void;
  /** It died, or was ended; no reply comes after this. */
  readonly onEnd: (reason: string) => void;
}

/**
 * Where the program of a thread lies. A compiled executable holds its entry points below one root, `src` by the build command,
 * and resolves `./` there.
 * @param path below `src`; `scripts/build-executable.ts` names it too
 */
export function workerProgram(path: string): string {
  return Bun.isStandaloneExecutable ? `./${path}` : new URL(`../${path}`, import.meta.url).href;
}

/** A thread that works for this one. It keeps the process alive only while a reply is due. */
export class WorkerThread<Request, Reply> {
  readonly #worker: Worker;
  readonly #options: WorkerThreadOptions<Reply>;
  #repliesDue = 0;
  #hasEnded = false;

  constructor(options: WorkerThreadOptions<Reply>) {
    const { name, program } = options;
    this.#options = options;
    this.#worker = new Worker(program, { name });
    this.#worker.unref();
    this.#worker.addEventListener("message", ({ data }: MessageEvent<Reply>) => this.#receive(data));
    this.#worker.addEventListener("error", ({ message }) => this.end(`the ${name} thread failed: ${message}`));
    this.#worker.addEventListener("close", () => this.end(`the ${name} thread stopped`));
  }

  /** Sends what one reply comes to. @param moved memory of the request that is moved to the thread, not copied */
  ask(request: Request, moved: ArrayBuffer[] = []): void {
    if (++this.#repliesDue === 1) this.#worker.ref();
    this.#worker.postMessage(request, moved);
  }

  /** Sends what no reply comes to. */
  tell(request: Request): void {
    this.#worker.postMessage(request, []);
  }

  end(reason: string): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#worker.unref();
    this.#worker.terminate();
    this.#options.onEnd(reason);
  }

  #receive(reply: Reply): void {
    if (--this.#repliesDue === 0) this.#worker.unref();
    this.#options.onReply(reply);
  }
}
