/** What was opened, to be closed in the opposite order, once. */
export class Closers {
  readonly #closers: (() => unknown)[] = [];

  add(close: () => unknown): void {
    this.#closers.push(close);
  }

  /**
   * Closes all of it, also when one cannot be closed.
   * @param report told of each such one at once
   * @throws what the first of them threw
   */
  async closeAll(report?: (failure: unknown) => void): Promise<void> {
    const failures: unknown[] = [];
    for (let close = this.#closers.pop(); close; close = this.#closers.pop()) {
      try {
        await close();
      } catch (error) {
        failures.push(error);
        report?.(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }
}
