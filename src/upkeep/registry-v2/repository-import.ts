import type { MetadataDatabase, Queries } from "../../metadata/index.ts";
import type { RepositoryName } from "../../oci/index.ts";
import type { Clock } from "../../runtime/index.ts";
import type { StorageDriver } from "../../storage/index.ts";
import { type Damage, DamageError } from "./damage.ts";
import type { RedundantLists } from "./find-redundant-lists.ts";

/** What was found in one repository and is in the catalogue now. */
export interface RepositoryTally {
  blobs: number;
  manifests: number;
  tags: number;
  /** Links to blobs that are gone. */
  danglingLinks: number;
}

/** One repository on its way into the catalogue; the steps of the import share it. */
export interface RepositoryImport {
  readonly metadata: MetadataDatabase;
  readonly storage: StorageDriver;
  readonly clock: Clock;
  /** When it began. */
  readonly nowMs: number;
  readonly name: RepositoryName;
  readonly repositoryId: number;
  readonly tally: RepositoryTally;
  /** What is not taken over, as Berth says it anyway. */
  readonly redundant: RedundantLists;
  readonly onDamage: (damage: Damage) => void;
  /** Hears of what is left out as Berth says otherwise, and nobody has to repair. */
  readonly onRefused: (damage: Damage) => void;
}

/** Files that are looked at or read at once. */
export const MOST_READS = 16;

/** Writes one batch. The end of the import makes all batches durable; what a crash undoes, the next run does again. */
export function writeBatch(target: RepositoryImport, write: (queries: Queries) => Promise<void>): Promise<void> {
  return target.metadata.transaction(write, { durable: false });
}

/** Runs `work` and reports the damage that it meets, in which case there is no result. */
export async function orDamage<Result>(
  target: RepositoryImport,
  reference: string,
  work: () => Promise<Result>,
): Promise<Result | undefined> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof DamageError)) throw error;
    target.onDamage({ repository: target.name, reference, reason: error.message, isIndexed: false });
    return undefined;
  }
}

export async function* present<Item>(items: AsyncIterable<Item | undefined>): AsyncGenerator<Item, void, void> {
  for await (const item of items) if (item !== undefined) yield item;
}
