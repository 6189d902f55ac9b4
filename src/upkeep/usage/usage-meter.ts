import {
  addTagPulls,
  addTagUses,
  addUsage,
  type ReferencePulls,
  removeOldUsage,
  type UsageRow,
} from "../../metadata/index.ts";
import type { RepositoryName } from "../../oci/index.ts";
import { type Log, type Schedule, startSchedule } from "../../runtime/index.ts";
import { dayOf, REMEMBERED_MS } from "./days.ts";
import { RecordedUntil, type RecordedUntilParts } from "./recorded-until.ts";

/** What one request moved. */
export interface Moved {
  readonly repository: string;
  /** Empty for who is not signed in. */
  readonly principal: string;
  readonly receivedBytes: number;
  readonly sentBytes: number;
  /** Of what was counted as sent before. */
  readonly cutBytes: number;
  readonly pulls: 0 | 1;
  readonly pushes: 0 | 1;
  /** The tag or digest of a manifest that was pulled. */
  readonly pulledReference?: string | undefined;
  /** The same where nothing had to be sent: whoever asks so makes sure that what it has is the newest. */
  readonly checkedReference?: string | undefined;
}

export interface UsageMeterParts extends RecordedUntilParts {
  readonly log: Log;
  /** Hears of what was put on record. */
  readonly onRecorded?: (rows: readonly UsageRow[]) => void;
}

/** A crash loses what was moved within this time. */
const FLUSH_EVERY_MS = 5000;
/** Should the database be away for long, memory does not grow with names. */
const MOST_CELLS = 50_000;

interface Cell {
  pulls: number;
  pushes: number;
  receivedBytes: number;
  sentBytes: number;
  cutBytes: number;
}

interface PullCell {
  pulls: number;
  lastAtMs: number;
}

/** Then by person. */
type MovedByRepository = Map<string, Map<string, Cell>>;
/** Then by tag or digest. */
type PulledByRepository = Map<string, Map<string, PullCell>>;

/**
 * Adds up what is moved, in memory, and puts it on record every few seconds: no request waits for it. Each process has one, and what
 * they add comes together in the database.
 */
export class UsageMeter {
  readonly #parts: UsageMeterParts;
  #moved: MovedByRepository = new Map();
  #pulled: PulledByRepository = new Map();
  #cells = 0;
  /** Of the last time that something was put on record. */
  #day = "";
  readonly #recorded: RecordedUntil;
  readonly #schedule: Schedule;

  constructor(parts: UsageMeterParts) {
    this.#parts = parts;
    this.#recorded = new RecordedUntil(parts);
    this.#schedule = startSchedule({
      firstAfterMs: FLUSH_EVERY_MS,
      intervalMs: FLUSH_EVERY_MS,
      run: () => this.#flush(),
      onError: (error) => parts.log.warn("usage could not be put on record; it is tried again", { error }),
    });
  }

  note(moved: Moved): void {
    const isNothing = moved.checkedReference !== undefined;
    const cell = isNothing ? undefined : this.#cellOf(moved.repository, moved.principal);
    if (cell) {
      cell.pulls += moved.pulls;
      cell.pushes += moved.pushes;
      cell.receivedBytes += moved.receivedBytes;
      cell.sentBytes += moved.sentBytes;
      cell.cutBytes += moved.cutBytes;
    }
    const { repository, pulledReference, checkedReference } = moved;
    if (pulledReference !== undefined) this.#notePulls(repository, pulledReference, 1);
    if (checkedReference !== undefined) this.#notePulls(repository, checkedReference, 0);
  }

  /** Puts on record what was moved so far. */
  async flush(): Promise<void> {
    await this.#flush();
  }

  /** Puts the rest on record. */
  async stop(): Promise<void> {
    await this.#schedule.stop();
    await this.#flush();
    await this.#recorded.say();
  }

  #cellOf(repository: string, principal: string): Cell | undefined {
    const byPrincipal = this.#moved.get(repository) ?? new Map<string, Cell>();
    const known = byPrincipal.get(principal);
    if (known || this.#cells >= MOST_CELLS) return known;
    const cell = { pulls: 0, pushes: 0, receivedBytes: 0, sentBytes: 0, cutBytes: 0 };
    this.#moved.set(repository, byPrincipal.set(principal, cell));
    this.#cells += 1;
    return cell;
  }

  #notePulls(repository: string, reference: string, pulls: number): void {
    const byReference = this.#pulled.get(repository) ?? new Map<string, PullCell>();
    const nowMs = this.#parts.clock.nowMs();
    const known = byReference.get(reference);
    if (known) {
      known.pulls += pulls;
      known.lastAtMs = nowMs;
    } else if (this.#cells < MOST_CELLS) {
      this.#pulled.set(repository, byReference.set(reference, { pulls, lastAtMs: nowMs }));
      this.#cells += 1;
    }
  }

  async #flush(): Promise<void> {
    await this.#recorded.sayNowAndThen();
    if (this.#cells === 0) return;
    const [moved, pulled, cells] = [this.#moved, this.#pulled, this.#cells];
    this.#moved = new Map();
    this.#pulled = new Map();
    this.#cells = 0;
    const nowMs = this.#parts.clock.nowMs();
    const day = dayOf(nowMs);
    const rows = usageRows(moved, day);
    try {
      await this.#parts.metadata.transaction(
        async (queries) => {
          await addUsage(queries, rows);
          const references = pullRows(pulled);
          await addTagPulls(
            queries,
            references.filter(({ pulls }) => pulls > 0),
          );
          await addTagUses(queries, references);
          if (day !== this.#day) await removeOldUsage(queries, dayOf(nowMs - REMEMBERED_MS));
        },
        { durable: false },
      );
      this.#day = day;
      this.#parts.onRecorded?.(rows);
    } catch (error) {
      this.#takeBack(moved, pulled, cells);
      throw error;
    }
  }

  /** What could not be put on record is added to what was moved meanwhile. */
  #takeBack(moved: MovedByRepository, pulled: PulledByRepository, cells: number): void {
    const [since, pulledSince] = [this.#moved, this.#pulled];
    this.#moved = moved;
    this.#pulled = pulled;
    this.#cells = cells;
    for (const [repository, byPrincipal] of since)
      for (const [principal, counts] of byPrincipal) {
        const cell = this.#cellOf(repository, principal);
        if (cell) for (const name of Object.keys(cell) as (keyof Cell)[]) cell[name] += counts[name];
      }
    for (const [repository, byReference] of pulledSince)
      for (const [reference, { pulls }] of byReference) this.#notePulls(repository, reference, pulls);
  }
}

function usageRows(moved: MovedByRepository, day: string): readonly UsageRow[] {
  return [...moved].flatMap(([repository, byPrincipal]) =>
    [...byPrincipal].map(([principal, cell]) => ({ day, repository, principal, ...cell })),
  );
}

function pullRows(pulled: PulledByRepository): readonly ReferencePulls[] {
  return [...pulled].flatMap(([repository, byReference]) =>
    [...byReference].map(([reference, cell]) => ({ repository: repository as RepositoryName, reference, ...cell })),
  );
}
