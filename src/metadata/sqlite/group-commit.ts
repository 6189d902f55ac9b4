import type { Database } from "bun:sqlite";
import type { Queries } from "../database.ts";
import { MetadataError } from "../metadata-error.ts";
import { type FailureReport, namingFailures } from "./sqlite-error.ts";
import { isLocked, whenUnlocked } from "./when-unlocked.ts";

export interface GroupCommitOptions {
  readonly connection: Database;
  /** On the connection. */
  readonly queries: Queries;
  /** For messages. */
  readonly path: string;
  /** May make a transaction wait before it begins, or throw. */
  readonly beforeWriting: () => Promise<void> | undefined;
  /** Told of each commit, before anybody else is. */
  readonly written: () => void;
  /** Makes what is committed durable. */
  readonly sync: () => Promise<void>;
  /** Told of each transaction that the database fails. */
  readonly report?: FailureReport | undefined;
}

type Work<T> = (queries: Queries) => Promise<T>;

interface Turn {
  /** Never rejects. */
  readonly run: () => Promise<Outcome>;
  readonly isDurable: boolean;
  readonly settle: (outcome: Outcome) => void;
}

/** What went wrong, if anything. */
type Outcome = { readonly failure: unknown } | undefined;

/** How long a transaction waits for another process that writes. */
const LOCK_WAIT_MS = 5000;
/** Other requests wait meanwhile. */
const MOST_TURNS = 32;

/**
 * Commits together what came in one turn of the event loop, and syncs it once. Each piece of work is done alone, one after
 * another, and undone by itself if it fails.
 */
export class GroupCommit {
  readonly #options: GroupCommitOptions;
  #waiting: Turn[] = [];
  #isScheduled = false;
  #isRunning = false;
  /** Since a wait was in vain, and until a transaction begins again: those who queue behind it need not wait as long each. */
  #isLockedOut = false;

  constructor(options: GroupCommitOptions) {
    this.#options = options;
  }

  /**
   * @param isDurable `false`: resolves at the commit
   * @throws what `work` throws, or MetadataError
   */
  run<T>(work: Work<T>, isDurable: boolean): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    let result: T;
    const run = async (): Promise<Outcome> => {
      try {
        result = await work(this.#options.queries);
        return undefined;
      } catch (failure) {
        return { failure };
      }
    };
    const settle = (outcome: Outcome) => {
      if (!outcome) return resolve(result);
      const { failure } = outcome;
      if (failure instanceof MetadataError) this.#options.report?.(failure);
      reject(failure);
    };
    this.#waiting.push({ run, isDurable, settle });
    this.#schedule();
    return promise;
  }

  /** At the end of the turn in which requests came in, so that those who came together are one group. */
  #schedule(): void {
    if (this.#isScheduled || this.#isRunning || this.#waiting.length === 0) return;
    this.#isScheduled = true;
    setImmediate(() => void this.#runGroup());
  }

  async #runGroup(): Promise<void> {
    this.#isScheduled = false;
    this.#isRunning = true;
    const turns = this.#waiting.splice(0, MOST_TURNS);
    try {
      const done = await this.#commit(turns);
      this.#finish(done);
    } catch (failure) {
      for (const turn of turns) turn.settle({ failure });
    }
    this.#isRunning = false;
    this.#schedule();
  }

  /** @returns how each turn ended, once those that did not fail are committed */
  async #commit(turns: readonly Turn[]): Promise<readonly Done[]> {
    const { connection, written } = this.#options;
    await this.#begin();
    try {
      const done = await this.#runAll(turns);
      this.#query("commit");
      return done;
    } catch (error) {
      if (connection.inTransaction) connection.run("rollback");
      throw error;
    } finally {
      written();
    }
  }

  async #begin(): Promise<void> {
    const { path, beforeWriting } = this.#options;
    try {
      await namingFailures(path, beforeWriting);
      await whenUnlocked(() => this.#query("begin immediate"), this.#isLockedOut ? 0 : LOCK_WAIT_MS);
      this.#isLockedOut = false;
    } catch (error) {
      this.#isLockedOut = isLocked(error);
      throw error;
    }
  }

  async #runAll(turns: readonly Turn[]): Promise<readonly Done[]> {
    const [only, ...others] = turns;
    if (only && others.length === 0) return [await this.#runOnly(only)];
    const done: Done[] = [];
    for (const turn of turns) {
      this.#query("savepoint turn");
      const outcome = await turn.run();
      // After some failures, such as a full disk, SQLite has undone the whole group.
      if (outcome && !this.#options.connection.inTransaction) throw outcome.failure;
      if (outcome) this.#query("rollback to turn");
      this.#query("release turn");
      done.push({ turn, outcome });
    }
    return done;
  }

  async #runOnly(turn: Turn): Promise<Done> {
    const outcome = await turn.run();
    if (outcome) throw outcome.failure;
    return { turn, outcome };
  }

  #finish(done: readonly Done[]): void {
    const isForSync = ({ turn, outcome }: Done) => turn.isDurable && !outcome;
    for (const each of done) if (!isForSync(each)) each.turn.settle(each.outcome);
    const durable = done.filter(isForSync);
    if (durable.length > 0) void this.#sync(durable);
  }

  async #sync(done: readonly Done[]): Promise<void> {
    let outcome: Outcome;
    try {
      await this.#options.sync();
    } catch (failure) {
      outcome = { failure };
    }
    for (const { turn } of done) turn.settle(outcome);
  }

  #query(sql: string): void {
    namingFailures(this.#options.path, () => this.#options.connection.query(sql).run());
  }
}

interface Done {
  readonly turn: Turn;
  readonly outcome: Outcome;
}
