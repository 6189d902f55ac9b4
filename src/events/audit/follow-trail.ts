import { findExportPosition, listActs, type MetadataDatabase, putExportPosition } from "../../metadata/index.ts";
import { type Clock, type Log, pause, type Schedule } from "../../runtime/index.ts";
import type { AuditExporter } from "./audit-exporter.ts";

export interface TrailParts {
  readonly metadata: MetadataDatabase;
  readonly log: Log;
  readonly clock: Clock;
  readonly pace?: TrailPace;
}

export interface TrailPace {
  /** How often to look for new acts. */
  readonly everyMs: number;
  /** After a failure; twice as long after each further one. */
  readonly firstRetryMs: number;
  readonly longestRetryMs: number;
}

const USUAL_PACE: TrailPace = { everyMs: 1000, firstRetryMs: 1000, longestRetryMs: 60_000 };
const BATCH = 200;
const REPORT_EVERY_MS = 5 * 60_000;

/**
 * Gives each act to the exporter, in their order, from where it was when it last ran; the first time from the oldest. What it could
 * not send it gets again. A stop closes it.
 */
export function followTrail(parts: TrailParts, exporter: AuditExporter): Schedule {
  const stopping = new AbortController();
  const ended = new TrailFollower(parts, exporter, stopping.signal).follow();
  return {
    async stop() {
      stopping.abort();
      await ended;
      await exporter.close();
    },
  };
}

class TrailFollower {
  readonly #parts: TrailParts;
  readonly #pace: TrailPace;
  readonly #exporter: AuditExporter;
  readonly #signal: AbortSignal;
  #position: number | undefined;
  #failures = 0;
  #failedAtMs = 0;
  #reportedAtMs = Number.NEGATIVE_INFINITY;

  constructor(parts: TrailParts, exporter: AuditExporter, signal: AbortSignal) {
    this.#parts = parts;
    this.#pace = parts.pace ?? USUAL_PACE;
    this.#exporter = exporter;
    this.#signal = signal;
  }

  async follow(): Promise<void> {
    for (let waitMs = 0; await pause(waitMs, this.#signal);) {
      try {
        waitMs = (await this.#sendNext()) ? 0 : this.#pace.everyMs;
      } catch (error) {
        if (this.#signal.aborted) return;
        if (this.#failures === 0) this.#failedAtMs = this.#parts.clock.nowMs();
        waitMs = Math.min(this.#pace.firstRetryMs * 2 ** this.#failures++, this.#pace.longestRetryMs);
        this.#report(error);
      }
    }
  }

  /** @returns whether there may be more */
  async #sendNext(): Promise<boolean> {
    const { metadata } = this.#parts;
    const { name } = this.#exporter;
    this.#position ??= await findExportPosition(metadata.reads, name);
    const records = await listActs(metadata.reads, { afterSequence: this.#position, limit: BATCH });
    const last = records.at(-1);
    if (!last) return false;
    await this.#exporter.send(records, this.#signal);
    this.#position = last.sequence;
    this.#reportRecovery();
    // What a power cut undoes of it is sent again.
    await metadata.transaction((queries) => putExportPosition(queries, name, last.sequence), { durable: false });
    return records.length === BATCH;
  }

  /** A receiver that is away would fill the log: it is reported once in five minutes. */
  #report(error: unknown): void {
    const { log, clock } = this.#parts;
    if (clock.nowMs() - this.#reportedAtMs < REPORT_EVERY_MS) return;
    this.#reportedAtMs = clock.nowMs();
    const message = "the audit trail cannot be sent; what is kept back is sent later";
    const { name, target } = this.#exporter;
    log.warn(message, {
      exporter: name,
      target,
      sentThrough: this.#position,
      failures: this.#failures,
      since: new Date(this.#failedAtMs),
      // That a receiver refuses is nothing that a stack says more of.
      error: error instanceof Error ? error.message : error,
    });
  }

  #reportRecovery(): void {
    if (this.#failures === 0) return;
    this.#parts.log.info("the audit trail is sent again", { exporter: this.#exporter.name });
    this.#failures = 0;
    this.#reportedAtMs = Number.NEGATIVE_INFINITY;
  }
}
