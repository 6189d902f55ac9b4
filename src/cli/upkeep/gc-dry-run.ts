import type { GarbageTally, Removal } from "../../app/index.ts";
import type { Write } from "../long-output.ts";
import { formatBytes } from "../quantities.ts";
import { type Columns, formatTable } from "../table.ts";
import { describeCollection } from "./gc-report.ts";

/** Tells what clean-up would remove, and why. */
export interface DryRunReport {
  /** Some of it, in its order. */
  add(removals: readonly Removal[]): Promise<void>;
  end(tally: GarbageTally): Promise<void>;
}

/** How many a table has, which holds its rows until it is written. */
const MOST_ROWS = 1000;

const COLUMNS: Columns<Removal> = {
  what: ({ kind }) => kind,
  repository: ({ repository }) => repository,
  digest: ({ digest }) => digest,
  size: ({ sizeBytes }) => formatBytes(sizeBytes),
  why: ({ reason }) => reason,
};

/** For people: a table of the first, how many there are more, and the sum. */
export class DryRunTable implements DryRunReport {
  readonly #write: Write;
  readonly #width: number | undefined;
  readonly #rows: Removal[] = [];
  #more = 0;

  /** @param width of the terminal, if it is one */
  constructor(write: Write, width: number | undefined) {
    this.#write = write;
    this.#width = width;
  }

  add(removals: readonly Removal[]): Promise<void> {
    const shown = removals.slice(0, MOST_ROWS - this.#rows.length);
    this.#rows.push(...shown);
    this.#more += removals.length - shown.length;
    return Promise.resolve();
  }

  end(tally: GarbageTally): Promise<void> {
    const more = this.#more === 0 ? "" : `and ${this.#more} more: --json lists all\n`;
    return this.#write(`${formatTable(this.#rows, COLUMNS, this.#width)}${more}${describeCollection(tally, true)}`);
  }
}

/** For programs: all of it in one object on one line, of which no more is held than was added last. */
export class DryRunJson implements DryRunReport {
  readonly #write: Write;
  #separator = '{"removals":[';

  constructor(write: Write) {
    this.#write = write;
  }

  async add(removals: readonly Removal[]): Promise<void> {
    const objects = removals.map(({ kind, repository, digest, sizeBytes, reason }) =>
      JSON.stringify({ kind, repository, digest, sizeBytes, reason }),
    );
    await this.#write(`${this.#separator}${objects.join(",")}`);
    this.#separator = ",";
  }

  async end(tally: GarbageTally): Promise<void> {
    const opening = this.#separator === "," ? "" : this.#separator;
    const summary = JSON.stringify({ ...tally, dryRun: true }).slice(1);
    await this.#write(`${opening}],${summary}\n`);
  }
}
