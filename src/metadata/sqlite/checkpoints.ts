import type { Database } from "bun:sqlite";
import { checkpoint, type Checkpoint, type CheckpointMode } from "./checkpoint.ts";

export interface CheckpointsOptions {
  /** Is in no transaction when a method is called. It only looks, unless the thread fails to do its work. */
  readonly connection: Database;
  readonly thread: {
    checkpoint(mode: CheckpointMode): Promise<Checkpoint>;
    close(): Promise<void>;
  };
  /** Pages in the log, of 4 KiB, after which it is moved into the database. */
  readonly pages?: number;
}

const USUAL_PAGES = 2000;
/** So many times `pages`: the thread has failed, the disk is slow, or another process reads all the while. */
const TOO_LONG = 8;
/** While much is committed the thread moves what came meanwhile, too, so that little is left when writers wait. */
const MOST_TURNS = 4;

/**
 * Keeps SQLite's log short, on a thread of its own, as a checkpoint waits for the disk several times. What is committed
 * meanwhile makes the log longer; so at the end writers wait once, until the little that came is moved, too, and the log
 * begins anew in the space that it has.
 */
export class Checkpoints {
  readonly #options: CheckpointsOptions;
  readonly #pages: number;
  readonly #tooLong: number;
  #log: Checkpoint = { isBusy: false, pages: 0, movedPages: 0 };
  /** Nothing is done while the log has fewer pages. */
  #nextPages: number;
  #nextPagesHere: number;
  #running: Promise<void> | undefined;
  #restarting: Promise<void> | undefined;

  constructor(options: CheckpointsOptions) {
    this.#options = options;
    this.#pages = options.pages ?? USUAL_PAGES;
    this.#tooLong = this.#pages * TOO_LONG;
    this.#nextPages = this.#pages;
    this.#nextPagesHere = this.#tooLong;
  }

  /**
   * What a transaction waits for before it begins, if there is anything.
   * @throws SQLiteError if the log is too long and cannot be moved
   */
  beforeWriting(): Promise<void> | undefined {
    if (this.#restarting) return this.#restarting;
    if (this.#running) return this.#log.pages < this.#tooLong ? undefined : this.#running;
    if (this.#unmovedPages >= this.#nextPagesHere) this.#moveHere();
    return undefined;
  }

  /** To be called after each commit, which stands whatever becomes of this: a log that cannot be looked at is after the next. */
  written(): void {
    try {
      this.#log = checkpoint(this.#options.connection, "noop");
    } catch {
      return;
    }
    const { pages } = this.#log;
    if (this.#unmovedPages < this.#tooLong) this.#nextPagesHere = this.#tooLong;
    // The log has begun anew.
    if (pages < this.#nextPages - this.#pages) this.#nextPages = this.#pages;
    if (pages < this.#nextPages || this.#running) return;
    this.#nextPages = pages + this.#pages;
    this.#running = this.#move().finally(() => (this.#running = undefined));
  }

  /** Makes the thread ready: when it is needed there may be neither memory nor descriptors to start one. */
  async start(): Promise<void> {
    await this.#options.thread.checkpoint("noop").catch(() => undefined);
  }

  async close(): Promise<void> {
    await this.#running;
    await this.#options.thread.close();
  }

  get #unmovedPages(): number {
    return this.#log.pages - this.#log.movedPages;
  }

  async #move(): Promise<void> {
    try {
      if (await this.#moveMost()) await this.#restart();
    } catch {
      // It is tried again when the log has grown; a log that gets too long is moved here, and that failure is told.
    }
  }

  /** @returns whether nobody stands in the way of the rest */
  async #moveMost(): Promise<boolean> {
    for (let turn = 0; turn < MOST_TURNS; turn++) {
      const { isBusy, pages, movedPages } = await this.#options.thread.checkpoint("passive");
      if (isBusy || movedPages < pages) return false;
      if (this.#log.pages - movedPages <= this.#pages / TOO_LONG) break;
    }
    return true;
  }

  async #restart(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#restarting = promise;
    try {
      // A log that became far longer than usual gives its space back.
      await this.#options.thread.checkpoint(this.#log.pages < this.#tooLong ? "restart" : "truncate");
    } finally {
      this.#restarting = undefined;
      resolve();
    }
  }

  #moveHere(): void {
    this.#log = checkpoint(this.#options.connection, "passive");
    this.#nextPagesHere = Math.max(this.#tooLong, this.#unmovedPages + this.#pages);
  }
}
