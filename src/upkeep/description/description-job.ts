import { z } from "zod";
import { defineWork, type JobKind, type JobTurn, type JobWork } from "../../jobs/index.ts";
import { findDescription, isDescriptionBehind, type Queries } from "../../metadata/index.ts";
import type { Registry } from "../../registry/index.ts";
import type { Log } from "../../runtime/index.ts";
import { describeRegistry, WHOLE_EVERY_MS } from "./describe-registry.ts";
import { type DescriptionTally, NOTHING_DESCRIBED } from "./description-run.ts";

const descriptionInput = z.strictObject({});
type DescriptionInput = z.output<typeof descriptionInput>;

export const DESCRIPTION_JOB: JobKind<DescriptionInput> = {
  name: "describe",
  about: "Writes beside the blobs what has changed of manifests and tags, so that a lost database can be rebuilt.",
  input: descriptionInput,
  openKey: () => "",
  maxAttempts: 5,
};

/** What is lost with the database is at most of this time. */
const EVERY_MS = 60_000;
const AT_STOP_MS = 3000;
const REST_FACTOR = 3;

/** Once a minute and at a stop, if anything has changed. */
export function descriptionWork({ registry, log }: { readonly registry: Registry; readonly log: Log }): JobWork {
  return defineWork({
    kind: DESCRIPTION_JOB,
    schedule: { everyMs: EVERY_MS, isDue, atStopMs: AT_STOP_MS },
    async run(turn: JobTurn<DescriptionInput>): Promise<Readonly<DescriptionTally>> {
      const tally = { ...NOTHING_DESCRIBED };
      const report = () =>
        turn.report({ done: tally.manifests + tally.tags, total: null, unit: "entry", detail: { ...tally } });
      const restFactor = turn.isLast ? 0 : REST_FACTOR;
      await describeRegistry({ ...registry, signal: turn.signal, restFactor, tally, report });
      log.debug("described what has changed", { run: `job ${turn.id}`, ...tally });
      return tally;
    },
    isUneventful: ({ damaged }) => damaged === 0,
  });
}

async function isDue(queries: Queries, nowMs: number): Promise<boolean> {
  const known = await findDescription(queries);
  if (!known || known.wholeAtMs === null || nowMs - known.wholeAtMs >= WHOLE_EVERY_MS) return true;
  return isDescriptionBehind(queries);
}
