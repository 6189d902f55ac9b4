import { RegistryError } from "../oci/index.ts";
import type { MetadataDatabase } from "../metadata/index.ts";
import { type Clock, GarbagePacer, type HashPool } from "../runtime/index.ts";
import type { StorageDriver } from "../storage/index.ts";
import { type Changeable, requireWritable } from "./maintenance/maintenance.ts";
import type { RegistryOptions } from "./options.ts";
import { RunningHashes } from "./uploads/running-hashes.ts";
import { QuotaRefusals } from "./quotas/quota-refusals.ts";
import { SmallBlobs } from "./small-blobs.ts";
import { UploadTurns } from "./uploads/upload-turns.ts";

/** What the rules of push and pull work with; what its functions take first, unless they work inside a transaction (`Queries`) or a change (`RegistryChange`). */
export interface Registry {
  readonly metadata: MetadataDatabase;
  readonly storage: StorageDriver;
  readonly hashPool: HashPool;
  readonly clock: Clock;
  /** Makes an id that nobody guesses, of letters, digits and `-`. */
  readonly newId: () => string;
  /** Whether this process is the one that works on an upload; each upload has one. */
  readonly worksOn: (uploadId: string) => boolean;
  readonly options: RegistryOptions;
  readonly garbage: GarbagePacer;
  readonly uploadTurns: UploadTurns;
  readonly runningHashes: RunningHashes;
  readonly smallBlobs: SmallBlobs;
  readonly quotaRefusals: QuotaRefusals;
}

export type RegistryParts = Omit<
  Registry,
  "garbage" | "uploadTurns" | "runningHashes" | "smallBlobs" | "quotaRefusals"
>;

export function createRegistry(parts: RegistryParts): Registry {
  return {
    ...parts,
    garbage: new GarbagePacer(() => Bun.gc(true), parts.clock),
    uploadTurns: new UploadTurns(),
    runningHashes: new RunningHashes(),
    smallBlobs: new SmallBlobs(),
    quotaRefusals: new QuotaRefusals(),
  };
}

/** @throws RegistryError `read-only`, `delete-disabled` */
export async function requireDeletable(
  registry: Changeable & { readonly options: Pick<RegistryOptions, "deleteEnabled"> },
): Promise<void> {
  await requireWritable(registry);
  if (!registry.options.deleteEnabled)
    throw new RegistryError(
      "delete-disabled",
      "deleting is switched off: set storage.delete.enabled to true in the configuration",
    );
}
