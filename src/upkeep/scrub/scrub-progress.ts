/** What a scrub has looked at and found, also before it was interrupted. */
export interface ScrubTally {
  readonly blobs: number;
  /** Of the blobs that were good. */
  readonly bytes: number;
  /** Blobs with other bytes than their digest says. */
  readonly damaged: number;
  /** Blobs without bytes. */
  readonly missing: number;
  /** Blobs that were on record as lost, or with a wrong size, and are good. */
  readonly restored: number;
  readonly manifests: number;
  readonly damagedManifests: number;
  /** Blobs that could not be looked at. */
  readonly failed: number;
  /** Nodes with a quota whose counters were wrong; they are right now. */
  readonly correctedQuotas: number;
}

/** Where a scrub is: blobs go by their digests, then manifests by their ids. Quotas, at the end, have no place. */
export interface ScrubProgress {
  readonly stage: "blobs" | "manifests";
  /** The last one that is done; `""` before the first. */
  readonly after: string;
  readonly tally: ScrubTally;
}

export const START: ScrubProgress = {
  stage: "blobs",
  after: "",
  tally: {
    blobs: 0,
    bytes: 0,
    damaged: 0,
    missing: 0,
    restored: 0,
    manifests: 0,
    damagedManifests: 0,
    failed: 0,
    correctedQuotas: 0,
  },
};

/** Whether everything was there, and what it should be. */
export function isAllWell({ damaged, missing, damagedManifests, failed }: ScrubTally): boolean {
  return damaged + missing + damagedManifests + failed === 0;
}

/** @returns the beginning if the text, perhaps of another version, cannot be read */
export function parseProgress(text: string): ScrubProgress {
  const { stage, after, tally } = JSON.parse(text) as Partial<ScrubProgress>;
  if ((stage !== "blobs" && stage !== "manifests") || typeof after !== "string") return START;
  return { stage, after, tally: { ...START.tally, ...tally } };
}
