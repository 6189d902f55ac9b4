interface Turn {
  readonly interrupt: AbortController;
  readonly ended: Promise<void>;
}

/**
 * Lets one request at a time work on an upload. A newcomer interrupts the one before it: a client that comes again has
 * given its former connection up, even where the server still takes it for open.
 */
export class UploadTurns {
  readonly #turns = new Map<string, Turn>();
  #allInterrupted: Error | undefined;

  /** How many uploads a request works on right now. */
  get active(): number {
    return this.#turns.size;
  }

  /**
   * Does `work` only if no request works on the upload, and interrupts nobody; a newcomer waits until it is done.
   * @returns `undefined` if the upload is busy
   */
  async runIfIdle<T>(uploadId: string, work: () => Promise<T>): Promise<T | undefined> {
    return this.#turns.has(uploadId) ? undefined : this.run(uploadId, work);
  }

  /** @param work stops reading its body when `signal` is aborted, and keeps what it has */
  async run<T>(uploadId: string, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const before = this.#turns.get(uploadId);
    const interrupt = new AbortController();
    const { promise: ended, resolve: end } = Promise.withResolvers<void>();
    const turn: Turn = { interrupt, ended };
    this.#turns.set(uploadId, turn);
    try {
      if (this.#allInterrupted) interrupt.abort(this.#allInterrupted);
      before?.interrupt.abort(new Error("another request took the upload over"));
      await before?.ended;
      return await work(interrupt.signal);
    } finally {
      if (this.#turns.get(uploadId) === turn) this.#turns.delete(uploadId);
      end();
    }
  }

  /** Interrupts every request that works on an upload, and each that comes later, so that what came is kept: for a stop. */
  interruptAll(): void {
    this.#allInterrupted = new Error("the registry stops");
    for (const { interrupt } of this.#turns.values()) interrupt.abort(this.#allInterrupted);
  }
}
