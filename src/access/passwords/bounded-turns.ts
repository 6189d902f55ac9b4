import { RegistryError } from "../../oci/index.ts";

/**
 * Lets one check run at a time: bcrypt uses the threads that read and write files too, so many at once would hold up all
 * who have logged in already.
 */
export class BoundedTurns {
  readonly #maxWaiting: number;
  #taken = 0;
  #last: Promise<void> = Promise.resolve();

  /** @param maxWaiting how many may wait beside the one that runs */
  constructor(maxWaiting: number) {
    this.#maxWaiting = maxWaiting;
  }

  /**
   * Runs the check when those that came before are done.
   * @throws RegistryError `too-many-requests` at once if too many are waiting
   */
  async run<T>(check: () => Promise<T>): Promise<T> {
    if (this.#taken > this.#maxWaiting)
      throw new RegistryError("too-many-requests", "too many logins wait for their check at the moment: try again");
    this.#taken++;
    const before = this.#last;
    const turn = Promise.withResolvers<void>();
    this.#last = turn.promise;
    try {
      await before;
      return await check();
    } finally {
      this.#taken--;
      turn.resolve();
    }
  }
}
