/** Runs tasks that share a key one after another, in the order they came; tasks of different keys run at once. */
export class KeyedLock {
  readonly #lastTurns = new Map<string, Promise<void>>();

  /** How many keys are locked now. */
  get lockedKeys(): number {
    return this.#lastTurns.size;
  }

  /** Not re-entrant: a task that asks for its own key again waits for ever. */
  async run<T>(key: string, task: () => Promise<T>): Promise<T> {
    const before = this.#lastTurns.get(key);
    const { promise: turn, resolve: endTurn } = Promise.withResolvers<void>();
    this.#lastTurns.set(key, turn);
    try {
      await before;
      return await task();
    } finally {
      if (this.#lastTurns.get(key) === turn) this.#lastTurns.delete(key);
      endTurn();
    }
  }
}
