import { RecentlyUsed } from "../../runtime/index.ts";

/** Finds the first row of a statement that has two parameters. */
export type FindRow = (first: string, second: string) => unknown;

/** The count of the changes that several processes make, in memory that they have in common. */
export interface SharedChanges {
  /** Another value after every change, from the moment on at which `add` returned to who made it. */
  count(): number;
  add(): void;
}

export interface RememberedRowsOptions {
  /** Another value after every change that others made; asked for every 10 ms at most. */
  readonly version: () => unknown;
  /** Where processes that serve together tell each other of their changes; asked at every row. */
  readonly changes?: SharedChanges | undefined;
  /** About how much memory the rows may take. */
  readonly maxBytes: number;
}

const LOOK_EVERY_MS = 10;
/** What a row costs beside its bytes. */
const ROW_BYTES = 256;

/**
 * Remembers what statements found, and what they did not find, for as long as nothing in the database changes. Rows are given
 * out again and again, so nobody may change them.
 */
export class RememberedRows {
  readonly #version: () => unknown;
  readonly #changes: SharedChanges | undefined;
  readonly #rows: RecentlyUsed<unknown>;
  #statements = 0;
  #lastVersion: unknown;
  #hasLooked = false;
  #lastCount: number | undefined;

  constructor({ version, changes, maxBytes }: RememberedRowsOptions) {
    this.#version = version;
    this.#changes = changes;
    this.#rows = new RecentlyUsed(maxBytes);
  }

  /** The same function, with a memory. */
  remembering(find: FindRow): FindRow {
    const prefix = `${this.#statements++}\n`;
    return (first, second) => {
      if (!this.#hasLooked) this.#look();
      if (this.#changes) this.#lookBeside(this.#changes);
      const key = `${prefix}${first}\n${second}`;
      const known = this.#rows.get(key);
      if (known) return known.value;
      const row = find(first, second);
      this.#rows.set(key, row, sizeOf(key, row));
      return row;
    };
  }

  /** To be called after every change of our own, before anybody is told of it. */
  forget(): void {
    this.#rows.clear();
    this.#changes?.add();
  }

  #lookBeside(changes: SharedChanges): void {
    const count = changes.count();
    if (count !== this.#lastCount) this.#rows.clear();
    this.#lastCount = count;
  }

  #look(): void {
    const version = this.#version();
    if (version !== this.#lastVersion) this.#rows.clear();
    this.#lastVersion = version;
    this.#hasLooked = true;
    setTimeout(() => (this.#hasLooked = false), LOOK_EVERY_MS).unref();
  }
}

function sizeOf(key: string, row: unknown): number {
  let sizeBytes = ROW_BYTES + key.length;
  for (const value of Object.values(row ?? {})) {
    if (typeof value === "string") sizeBytes += value.length;
    else if (value instanceof Uint8Array) sizeBytes += value.byteLength;
  }
  return sizeBytes;
}
