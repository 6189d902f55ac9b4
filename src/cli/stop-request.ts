/** SIGTERM or SIGINT; the second one ends the process at once. */
export class StopRequest {
  readonly #abort = new AbortController();
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
    if (this.#abort.signal.aborted) process.exit(1);
    this.#abort.abort();
    this.#requested.resolve();
  }
}
