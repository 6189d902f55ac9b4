/** Of Ctrl-C at `npm start` the terminal tells both npm and us, and npm tells us again: that is one wish of one person. */
const SAME_WISH_MS = 500;

/** SIGTERM or SIGINT; a second one ends the process at once. */
export class StopRequest {
  readonly #abort = new AbortController();
  #requestedAtMs = 0;
  readonly #requested = Promise.withResolvers<void>();

  constructor() {
    for (const name of ["SIGTERM", "SIGINT"] as const) process.on(name, () => this.#receive());
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  get requested(): Promise<void> {
    return this.#requested.promise;
  }

  #receive(): void {
    const nowMs = performance.now();
    if (this.#abort.signal.aborted) {
      if (nowMs - this.#requestedAtMs > SAME_WISH_MS) process.exit(1);
      return;
    }
    this.#requestedAtMs = nowMs;
    this.#abort.abort();
    this.#requested.resolve();
  }
}
