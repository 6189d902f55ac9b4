import type { MetadataDatabase } from "../../metadata/index.ts";
import type { Clock } from "../../runtime/index.ts";
import type { StorageDriver } from "../../storage/index.ts";
import type { ExportTally, RepositoryExport } from "../registry-v2/repository-export.ts";
import { restSince } from "../rest.ts";

/** What there is to describe, and where. */
export interface DescriptionParts {
  readonly metadata: MetadataDatabase;
  readonly storage: StorageDriver;
  readonly clock: Clock;
  readonly newId: () => string;
}

/** What was looked at, and what was done to files. */
export interface DescriptionTally extends ExportTally {
  /** Manifests and blobs whose bytes are lost. */
  damaged: number;
}

export interface DescriptionRun extends DescriptionParts {
  /** Ends it between two steps by what it throws; the next one goes on from there. */
  readonly signal: AbortSignal;
  readonly tally: DescriptionTally;
  /** Of the time it takes, so much more it leaves to those who push and pull. */
  readonly restFactor: number;
  /** Told after every step. */
  readonly report: () => void;
}

export const NOTHING_DESCRIBED: Readonly<DescriptionTally> = {
  blobs: 0,
  manifests: 0,
  tags: 0,
  referrerLists: 0,
  written: 0,
  removed: 0,
  damaged: 0,
};

/** A repository as the exports to registry:2's files take it. */
export function targetOf(
  { metadata, storage, tally }: DescriptionRun,
  repository: Pick<RepositoryExport, "name" | "repositoryId" | "prune">,
): RepositoryExport {
  return {
    ...repository,
    reads: metadata.reads,
    storage,
    tally,
    onDamage: () => void tally.damaged++,
    onKept: () => undefined,
  };
}

/** Does a step, tells how far it is, and rests. */
export async function inStep<T>(run: DescriptionRun, step: () => Promise<T>): Promise<T> {
  run.signal.throwIfAborted();
  const startedAtMs = run.clock.nowMs();
  const result = await step();
  run.report();
  await restSince(startedAtMs, { clock: run.clock, signal: run.signal, factor: run.restFactor });
  return result;
}
