/** Finds the first row of a statement that has two parameters. */
export type FindRow = (first: string, second: string) => unknown;

export interface RememberedRowsOptions {
  /** Whether anything in the database changed since the last call, whoever changed it. */
  readonly hasChanged: () => boolean;
  /** About how much memory the rows may take. */
  readonly maxBytes: number;
}

interface Remembered {
  readonly row: unknown;
  readonly sizeBytes: number;
}

/** What a row costs beside its bytes. */
const ROW_BYTES = 256;

/**
 * Remembers what statements found, and what they did not find, for as long as nothing in the database changes. The rows used
 * last stay; rows are given out again and again, so nobody may change them.
 */
export class RememberedRows {
  readonly #options: RememberedRowsOptions;
  /** The older half goes when the newer is full; what is asked for moves over. */
  #newer = new Map<string, Remembered>();
  #older = new Map<string, Remembered>();
  #newerBytes = 0;
  #statements = 0;

  constructor(options: RememberedRowsOptions) {
    this.#options = options;
  }

  /** The same function, with a memory. */
  remembering(find: FindRow): FindRow {
    const prefix = `${this.#statements++}\n`;
    return (first, second) => {
      this.#forgetIfChanged();
      const key = `${prefix}${first}\n${second}`;
      const recent = this.#newer.get(key);
      if (recent) return recent.row;
      const remembered = this.#older.get(key) ?? rememberedRow(key, find(first, second));
      this.#keep(key, remembered);
      return remembered.row;
    };
  }

  #forgetIfChanged(): void {
    if (!this.#options.hasChanged()) return;
    this.#older.clear();
    this.#newer.clear();
    this.#newerBytes = 0;
  }

  #keep(key: string, remembered: Remembered): void {
    const halfBytes = this.#options.maxBytes / 2;
    if (remembered.sizeBytes > halfBytes) return;
    if (this.#newerBytes + remembered.sizeBytes > halfBytes) {
      this.#older = this.#newer;
      this.#newer = new Map();
      this.#newerBytes = 0;
    }
    this.#newer.set(key, remembered);
    this.#newerBytes += remembered.sizeBytes;
  }
}

function rememberedRow(key: string, row: unknown): Remembered {
  let sizeBytes = ROW_BYTES + key.length;
  for (const value of Object.values(row ?? {})) {
    if (typeof value === "string") sizeBytes += value.length;
    else if (value instanceof Uint8Array) sizeBytes += value.byteLength;
  }
  return { row, sizeBytes };
}
