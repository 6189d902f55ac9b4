/** Lets those of the same key go one after another, and others beside them. */
export class TurnsByKey {
  readonly #last = new Map<string, Promise<void>>();

  async run<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = this.#last.get(key);
    const turn = Promise.withResolvers<void>();
    this.#last.set(key, turn.promise);
    try {
      await before;
      return await work();
    } finally {
      turn.resolve();
      if (this.#last.get(key) === turn.promise) this.#last.delete(key);
    }
  }
}
