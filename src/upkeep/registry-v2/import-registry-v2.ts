import {
  type Contents,
  countContents,
  ensureRepository,
  type MetadataDatabase,
  putPartlyImported,
} from "../../metadata/index.ts";
import { parseRepositoryName, RegistryError, type RepositoryName } from "../../oci/index.ts";
import type { Clock } from "../../runtime/index.ts";
import type { StorageDriver } from "../../storage/index.ts";
import type { Damage } from "./damage.ts";
import { findRedundantLists } from "./find-redundant-lists.ts";
import { findRepositories, type FoundRepository } from "./find-repositories.ts";
import { importBlobs } from "./import-blobs.ts";
import { importManifests, reportIncompleteManifests } from "./import-manifests.ts";
import { importTags } from "./import-tags.ts";
import { type RepositoryTally, writeBatch } from "./repository-import.ts";

export interface RegistryV2Import {
  /** Where the catalogue is written. For a dry run: a database in memory. */
  readonly metadata: MetadataDatabase;
  /** On registry:2's root directory; only read. */
  readonly storage: StorageDriver;
  readonly clock: Clock;
  /** Hears of each repository when it is done. */
  readonly report?: ((imported: ImportedRepository) => void) | undefined;
}

export interface ImportedRepository extends Readonly<RepositoryTally> {
  readonly name: RepositoryName;
  /** 1 for the first. */
  readonly position: number;
  /** How many repositories the directory has. */
  readonly total: number;
}

export interface ImportSummary {
  /** What the catalogue holds now. */
  readonly contents: Contents;
  /** What it did not hold before. */
  readonly added: Contents;
  readonly damaged: readonly Damage[];
  /** Links to blobs that are gone: registry:2's garbage collection leaves them. Manifests that need one are `damaged`. */
  readonly danglingLinks: number;
  readonly durationMs: number;
}

/**
 * Enters what a registry:2 holds into the catalogue, without copying or changing a file. Manifests are read and verified;
 * blobs are trusted to be what their paths say, and only their sizes are looked at. Damage is reported and stops nothing.
 *
 * It may be run again: what is there stays, what is new or was not reached comes in. What was deleted in Berth since the
 * first run, and is still in the directory, comes back. An immutable tag is not moved, which is reported.
 * @throws StorageError, MetadataError if the directory cannot be listed or the database not be written
 */
export async function importRegistryV2(from: RegistryV2Import): Promise<ImportSummary> {
  const { metadata, storage, clock } = from;
  const startedAtMs = clock.nowMs();
  const before = await countContents(metadata.reads);
  const damaged: Damage[] = [];
  const found = await findRepositories(storage);
  let danglingLinks = 0;
  for (const [index, repository] of found.entries()) {
    const name = parseName(repository, (damage) => damaged.push(damage));
    if (name === undefined) continue;
    const tally = await importRepository(from, { ...repository, name }, (damage) => damaged.push(damage));
    danglingLinks += tally.danglingLinks;
    from.report?.({ name, ...tally, position: index + 1, total: found.length });
  }
  // A durable commit takes along those before it that were not.
  await metadata.transaction(() => Promise.resolve());
  const contents = await countContents(metadata.reads);
  const durationMs = clock.nowMs() - startedAtMs;
  return { contents, added: difference(contents, before), damaged, danglingLinks, durationMs };
}

function parseName({ name }: FoundRepository, onDamage: (damage: Damage) => void): RepositoryName | undefined {
  try {
    return parseRepositoryName(name);
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error;
    onDamage({ repository: name, reference: "", reason: error.message, isIndexed: false });
    return undefined;
  }
}

async function importRepository(
  { metadata, storage, clock }: RegistryV2Import,
  { name, createdAtMs }: { readonly name: RepositoryName; readonly createdAtMs: number },
  onDamage: (damage: Damage) => void,
): Promise<RepositoryTally> {
  const repositoryId = await metadata.transaction((queries) => ensureRepository(queries, name, createdAtMs), {
    durable: false,
  });
  const tally = { blobs: 0, manifests: 0, tags: 0, danglingLinks: 0 };
  let isPartly = false;
  const onLeftOut = (damage: Damage) => {
    isPartly ||= !damage.isIndexed;
    onDamage(damage);
  };
  const redundant = await findRedundantLists({ storage, name });
  const place = { metadata, storage, clock, nowMs: clock.nowMs(), name, repositoryId };
  const target = { ...place, tally, redundant, onDamage: onLeftOut, onRefused: onDamage };
  await importBlobs(target);
  await importManifests(target);
  await reportIncompleteManifests(target);
  await importTags(target);
  // What clean-up would take for unneeded is needed when those are repaired, or registry:2 gets its folder back.
  await writeBatch(target, (queries) =>
    putPartlyImported(queries, { id: repositoryId, isPartly, nowMs: target.nowMs }),
  );
  return tally;
}

function difference(after: Contents, before: Contents): Contents {
  return {
    repositories: after.repositories - before.repositories,
    manifests: after.manifests - before.manifests,
    tags: after.tags - before.tags,
    blobs: after.blobs - before.blobs,
    blobBytes: after.blobBytes - before.blobBytes,
  };
}
