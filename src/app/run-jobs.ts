import type { Config } from "../config/index.ts";
import type { Metrics } from "../http/index.ts";
import {
  getJobStanding,
  JobCounts,
  type JobDesk,
  type JobOffer,
  JobRunner,
  type JobWork,
  type Labelled,
} from "../jobs/index.ts";
import type { MetadataDatabase } from "../metadata/index.ts";
import { isInMaintenance, type Registry } from "../registry/index.ts";
import { type Closers, type Log, systemClock } from "../runtime/index.ts";
import {
  COLLECTION_JOB,
  collectionWork,
  deletionWork,
  DESCRIPTION_JOB,
  descriptionWork,
  earliestScrubMs,
  HISTORY_JOB,
  historyWork,
  NOTHING_COLLECTED,
  renamingWork,
  RETENTION_JOB,
  retentionWork,
  SCRUB_JOB,
  scrubWork,
  tagMoveWork,
  USAGE_JOB,
  type UsageMeter,
  usageWork,
} from "../upkeep/index.ts";
import { actAs, moveAs, moveTagAs } from "./act-as.ts";
import { addCollectionReadings, addRetentionReadings, addScrubReadings, stopwatchMs } from "./observation.ts";

interface JobParts {
  readonly registry: Registry;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly meter: UsageMeter | undefined;
}

/** What can be asked for of a registry with this configuration. */
export function jobOffers({ storage }: Config): readonly JobOffer[] {
  const refusal = storage.readOnly ? "the registry is in read-only mode, in which nothing is changed" : undefined;
  return [
    { kind: COLLECTION_JOB, refusal },
    { kind: RETENTION_JOB, refusal },
    { kind: SCRUB_JOB, refusal, notBeforeMs: (queries) => earliestScrubMs(queries, storage.scrubbing) },
    { kind: USAGE_JOB, refusal },
    { kind: HISTORY_JOB, refusal },
    { kind: DESCRIPTION_JOB, refusal: refusal ?? (storage.isSelfDescribing ? undefined : NOT_DESCRIBING) },
  ];
}

const NOT_DESCRIBING = "storage.selfdescribing is off";

/** Does the jobs of the database, beside other processes that serve it; none in read-only mode. */
export function runJobs(config: Config, parts: JobParts, closers: Closers): JobDesk {
  const { registry, log, metrics } = parts;
  const works = openWorks(config.storage, parts);
  const counts = new JobCounts();
  addJobReadings(metrics, registry.metadata, counts);
  const offers = jobOffers(config);
  const noteCancelled = (kind: string) => counts.add(kind, "cancelled");
  if (config.storage.readOnly) return { offers, lookNow: () => undefined, noteCancelled };
  const runner = new JobRunner({
    metadata: registry.metadata,
    clock: systemClock,
    log,
    random: Math.random,
    counts,
    works,
    historyMs: config.jobs.historyMs,
    isPaused: () => isInMaintenance(registry),
  });
  runner.start();
  closers.add(() => runner.stop());
  return { offers, lookNow: () => runner.lookNow(), noteCancelled };
}

function openWorks(
  { collection, retention, scrubbing, measuring, history, isSelfDescribing }: Config["storage"],
  { registry, log, metrics, meter }: JobParts,
): readonly JobWork[] {
  const collected = { ...NOTHING_COLLECTED };
  addCollectionReadings(metrics, registry, collected);
  const expired = { tags: 0 };
  addRetentionReadings(metrics, expired);
  const scrubbed = { blobs: 0, bytes: 0, damages: 0, correctedQuotas: 0 };
  addScrubReadings(metrics, registry, scrubbed);
  return [
    collectionWork({ registry, log, counts: collected, stopwatchMs }, collection),
    retentionWork(
      { registry, log, counts: expired, recordPulls: () => meter?.flush() ?? Promise.resolve() },
      retention,
    ),
    scrubWork({ registry, log, counts: scrubbed }, scrubbing),
    usageWork({ registry }, measuring),
    historyWork({ registry }, history),
    deletionWork({ registry, log, actAs: (requester) => actAs(registry, requester) }),
    renamingWork({ registry, log, moveAs: (requester) => moveAs(registry, requester) }),
    tagMoveWork({ registry, log, moveTagAs: (requester) => moveTagAs(registry, requester) }),
    ...(isSelfDescribing ? [descriptionWork({ registry, log })] : []),
  ];
}

/** @param counts how the attempts of this process ended */
function addJobReadings(metrics: Metrics, metadata: MetadataDatabase, counts: JobCounts): void {
  const standing = () => getJobStanding(metadata, systemClock.nowMs());
  // Whichever process is asked knows it of all.
  const addGauge = (name: string, help: string, read: () => Promise<number | readonly Labelled[]>) =>
    metrics.addReading({ name, help, type: "gauge", together: "max", read });
  addGauge("berth_jobs_open", "Jobs that wait or run, by whatever process.", async () => (await standing()).open);
  addGauge(
    "berth_jobs_oldest_wait_seconds",
    "How long the job has been due that waits longest for somebody to begin it.",
    async () => (await standing()).oldestWaitMs / 1000,
  );
  addGauge("berth_job_succeeded_timestamp_seconds", "When a job of each kind came to a good end last.", async () =>
    (await standing()).successesMs.map(({ labels, value }) => ({ labels, value: value / 1000 })),
  );
  metrics.addReading({
    name: "berth_jobs_ended_total",
    help: "Attempts at jobs, by how they ended: succeeded, failed, cancelled (also before they began), or retried after an error.",
    type: "counter",
    read: () => counts.list(),
  });
}
