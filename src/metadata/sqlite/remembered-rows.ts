import { RecentlyUsed } from "../../runtime/index.ts";

/** Finds the first row of a statement that has two parameters. */
export type FindRow = (first: string, second: string) => unknown;

export interface RememberedRowsOptions {
  /** Whether anything in the database changed since the last call, whoever changed it. */
  readonly hasChanged: () => boolean;
  /** About how much memory the rows may take. */
  readonly maxBytes: number;
}

/** What a row costs beside its bytes. */
const ROW_BYTES = 256;

/**
 * Remembers what statements found, and what they did not find, for as long as nothing in the database changes. Rows are given
 * out again and again, so nobody may change them.
 */
export class RememberedRows {
  readonly #hasChanged: () => boolean;
  readonly #rows: RecentlyUsed<unknown>;
  #statements = 0;

  constructor({ hasChanged, maxBytes }: RememberedRowsOptions) {
    this.#hasChanged = hasChanged;
    this.#rows = new RecentlyUsed(maxBytes);
  }

  /** The same function, with a memory. */
  remembering(find: FindRow): FindRow {
    const prefix = `${this.#statements++}\n`;
    return (first, second) => {
      if (this.#hasChanged()) this.#rows.clear();
      const key = `${prefix}${first}\n${second}`;
      const known = this.#rows.get(key);
      if (known) return known.value;
      const row = find(first, second);
      this.#rows.set(key, row, sizeOf(key, row));
      return row;
    };
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
