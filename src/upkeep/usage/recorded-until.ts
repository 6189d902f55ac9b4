import { type MetadataDatabase, putUsesRecorded } from "../../metadata/index.ts";
import type { Clock, Soon } from "../../runtime/index.ts";

export interface RecordedUntilParts {
  readonly metadata: MetadataDatabase;
  readonly clock: Clock;
  /** Whether nothing can be pushed now: that time counts for no tag. Absent: never. */
  readonly isReadOnly?: () => Soon<boolean>;
}

/** Also where nothing is used. */
const SAY_EVERY_MS = 60_000;

/** Says now and then that uses are put on record, so that a time in which they are not can be told from one in which there are none. */
export class RecordedUntil {
  readonly #parts: RecordedUntilParts;
  #saidAtMs = Number.NEGATIVE_INFINITY;

  constructor(parts: RecordedUntilParts) {
    this.#parts = parts;
  }

  /** Does so if it was not within the last minute. @throws MetadataError */
  async sayNowAndThen(): Promise<void> {
    if (Math.abs(this.#parts.clock.nowMs() - this.#saidAtMs) >= SAY_EVERY_MS) await this.say();
  }

  /** @throws MetadataError */
  async say(): Promise<void> {
    const { metadata, clock, isReadOnly } = this.#parts;
    if (await isReadOnly?.()) return;
    const nowMs = clock.nowMs();
    await metadata.transaction((queries) => putUsesRecorded(queries, nowMs), { durable: false });
    this.#saidAtMs = nowMs;
  }
}
