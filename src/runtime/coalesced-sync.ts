/**
 * Lets many callers share one slow sync: however many ask while one is under way, they wait for a single next one.
 */
export class CoalescedSync {
  readonly #run: () => Promise<void>;
  #running: Promise<void> | undefined;
  #next: Promise<void> | undefined;

  constructor(run: () => Promise<void>) {
    this.#run = run;
  }

  /**
   * Resolves after a sync that started after this call, so that everything written before the call is covered.
   * @throws what that sync threw; all callers that shared it get the same error.
   */
  sync(): Promise<void> {
    // A next one has not started yet, also in the moment between the end of the running one and its start.
    if (this.#next) return this.#next;
    if (!this.#running) return this.#start();
    const start = () => this.#start();
    this.#next = this.#running.then(start, start);
    return this.#next;
  }

  #start(): Promise<void> {
    this.#next = undefined;
    const running = this.#runOnce();
    this.#running = running;
    return running;
  }

  async #runOnce(): Promise<void> {
    try {
      await this.#run();
    } finally {
      this.#running = undefined;
    }
  }
}
