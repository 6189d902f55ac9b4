import { z } from "zod";
import { defineWork, type JobKind, type JobTurn, type JobWork } from "../../jobs/index.ts";
import type { Registry } from "../../registry/index.ts";
import type { Log } from "../../runtime/index.ts";
import { toJobSchedule, type WhenOptions } from "../when.ts";
import { applyRetention, type RetentionRun, type RetentionTally } from "./apply-retention.ts";

export interface RetentionParts {
  readonly registry: Registry;
  readonly log: Log;
  readonly counts: RetentionCounts;
  readonly recordPulls?: RetentionRun["recordPulls"];
}

/** What runs of this process did since its start, for its metrics. */
export interface RetentionCounts {
  tags: number;
}

const retentionInput = z.strictObject({});
type RetentionInput = z.output<typeof retentionInput>;

export const RETENTION_JOB: JobKind<RetentionInput> = {
  name: "retention",
  about: "Removes the tags that no rule of their namespace keeps, and those that have expired.",
  input: retentionInput,
  openKey: () => "",
  maxAttempts: 5,
};

/** Retention, when it is configured or asked for. */
export function retentionWork({ registry, log, counts, recordPulls }: RetentionParts, options: WhenOptions): JobWork {
  return defineWork({
    kind: RETENTION_JOB,
    schedule: toJobSchedule(options),
    async run(turn: JobTurn<RetentionInput>): Promise<RetentionTally> {
      const run = `job ${turn.id}`;
      const onExpired = () => counts.tags++;
      const tally = await applyRetention({ registry, run, signal: turn.signal, onExpired, recordPulls });
      turn.signal.throwIfAborted();
      if (tally.expired + tally.postponed > 0) log.info("tags have expired", { run, ...tally });
      else log.debug("no tag has expired", { run, ...tally });
      return tally;
    },
    isUneventful: ({ expired, postponed }) => expired + postponed === 0,
  });
}
