import { RecentlyUsed } from "../../runtime/index.ts";

/** Finds the first row of a statement that has two parameters. */
export type FindRow = (first: string, second: string) => unknown;

export interface RememberedRowsOptions {
  /** Another value after every change that others made; asked for every 10 ms at most. */
  readonly version: () => unknown;
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
  readonly #rows: RecentlyUsed<unknown>;
  #statements = 0;
  #lastVersion: unknown;
  #hasLooked = false;

  constructor({ version, maxBytes }: RememberedRowsOptions) {
    this.#version = version;
    this.#rows = new RecentlyUsed(maxBytes);
  }

  /** The same function, with a memory. */
  remembering(find: FindRow): FindRow {
    const prefix = `${this.#statements++}\n`;
    return (first, second) => {
      if (!this.#hasLooked) this.#look();
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
