import type { MetadataError } from "../metadata/index.ts";
import type { Clock } from "../runtime/index.ts";

/** What failed so long ago may be well again, as a lock that somebody held. */
const FRESH_MS = 60_000;

/** Remembers how the database has failed: a trivial question may well be answered by one that is damaged, full or locked. */
export class DatabaseFailures {
  readonly #clock: Clock;
  readonly #count: (reason: string) => void;
  /** For good: a damaged file is not repaired under a running registry. */
  #damage: MetadataError | undefined;
  #last: { readonly message: string; readonly atMs: number } | undefined;

  constructor(clock: Clock, count: (reason: string) => void) {
    this.#clock = clock;
    this.#count = count;
  }

  note(failure: MetadataError): void {
    this.#count(failure.reason);
    if (failure.reason === "corrupt") this.#damage ??= failure;
    this.#last = { message: failure.message, atMs: this.#clock.nowMs() };
  }

  /** @returns what it failed with within the last minute @throws MetadataError if it is damaged */
  requireSound(): string | undefined {
    if (this.#damage) throw this.#damage;
    if (!this.#last || this.#clock.nowMs() - this.#last.atMs > FRESH_MS) return undefined;
    return this.#last.message;
  }
}
