import type { Queries } from "../../metadata/index.ts";
import type { StorageDriver } from "../../storage/index.ts";
import type { Registry } from "../registry.ts";

/** Whether manifests stay that no tag, no index and no subject keeps. */
export type UntaggedRule = "keep" | "remove";

/** One run of clean-up, as its steps need it. */
export interface Collection {
  readonly registry: Pick<Registry, "metadata" | "clock"> & { readonly storage: Pick<StorageDriver, "remove"> };
  /** On record with everything that it removes. */
  readonly run: string;
  /** Judged is what has been a candidate since then, inclusive. */
  readonly dueMs: number;
  /** Bytes go this long after it was found that nobody needs them; a push must not take longer to record what it has placed. */
  readonly settleMs: number;
  /** How long a transaction waits for storage to remove bytes; default: half a second. */
  readonly patienceMs?: number | undefined;
  /** How long runs usually leave what has become a candidate, where this one leaves it shorter. */
  readonly usualWindowMs?: number | undefined;
  /** Where no node of the namespace tree says anything of it. */
  readonly untagged: UntaggedRule;
}

/** What a step did. */
export interface Step {
  /** Candidates that were judged, or blobs that were removed: with 0 there is nothing to do now. */
  readonly looked: number;
  readonly removed: number;
  /** Of blobs whose bytes are gone. */
  readonly freedBytes: number;
}

/** A transaction that need not be durable: what a power cut undoes is done again by the next run. */
export function inStep<T>(
  { metadata }: Pick<Registry, "metadata">,
  work: (queries: Queries) => Promise<T>,
): Promise<T> {
  return metadata.transaction(work, { durable: false });
}
