interface Kept<Value> {
  readonly value: Value;
  readonly sizeBytes: number;
}

/** Keeps what was asked for last, as much as fits into `maxBytes`. */
export class RecentlyUsed<Value> {
  readonly #halfBytes: number;
  /** The older half goes when the newer is full; what is asked for moves over. */
  #newer = new Map<string, Kept<Value>>();
  #older = new Map<string, Kept<Value>>();
  #newerBytes = 0;

  constructor(maxBytes: number) {
    this.#halfBytes = maxBytes / 2;
  }

  /** The value in a box, as it may be `undefined` itself. */
  get(key: string): { readonly value: Value } | undefined {
    const recent = this.#newer.get(key);
    if (recent) return recent;
    const kept = this.#older.get(key);
    if (kept) this.#add(key, kept);
    return kept;
  }

  /** In the place of what the key had. Does not keep what would take more than half of the room. */
  set(key: string, value: Value, sizeBytes: number): void {
    this.delete(key);
    this.#add(key, { value, sizeBytes });
  }

  delete(key: string): void {
    this.#newerBytes -= this.#newer.get(key)?.sizeBytes ?? 0;
    this.#newer.delete(key);
    this.#older.delete(key);
  }

  clear(): void {
    this.#older.clear();
    this.#newer.clear();
    this.#newerBytes = 0;
  }

  #add(key: string, kept: Kept<Value>): void {
    if (kept.sizeBytes > this.#halfBytes) return;
    if (this.#newerBytes + kept.sizeBytes > this.#halfBytes) {
      this.#older = this.#newer;
      this.#newer = new Map();
      this.#newerBytes = 0;
    }
    this.#newer.set(key, kept);
    this.#newerBytes += kept.sizeBytes;
  }
}
