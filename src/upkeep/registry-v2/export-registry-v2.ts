import { findRepositoryId, listAllRepositories, listRepositories, type Queries } from "../../metadata/index.ts";
import type { RepositoryName } from "../../oci/index.ts";
import type { StorageDriver } from "../../storage/index.ts";
import { inPages } from "../in-pages.ts";
import { selectRepositories } from "../select-repositories.ts";
import type { CopyProgress } from "../backup/copy-blobs.ts";
import type { Damage } from "./damage.ts";
import { exportBlobs, exportManifests, exportTags, iterateBlobsOf } from "./export-contents.ts";
import { exportReferrers } from "./export-referrers.ts";
import { findRepositories } from "./find-repositories.ts";
import { repositoriesPrefix } from "./layout.ts";
import { removeUnknownLinks } from "./remove-unknown-links.ts";
import type { BlobSource, ExportTally, KeptLink, RepositoryExport } from "./repository-export.ts";

export interface RegistryV2Export {
  /** What Berth holds; only read. */
  readonly reads: Queries;
  /** Where registry:2's files are written. */
  readonly storage: StorageDriver;
  /** Where its bytes are; absent: in `storage`. */
  readonly source?: BlobSource | undefined;
  /** How far it is with blobs that are copied; one that several repositories have counts for each. */
  readonly onProgress?: ((progress: CopyProgress) => void) | undefined;
  /** Names and patterns of those that are exported; absent: all. */
  readonly repositories?: readonly string[] | undefined;
  /** Also removes what Berth does not hold, and moves tags back that registry:2 moved later. */
  readonly prune: boolean;
  readonly signal: AbortSignal;
  /** Hears of each repository when it is done. */
  readonly report?: ((exported: ExportedRepository) => void) | undefined;
}

export interface ExportedRepository extends Readonly<ExportTally> {
  readonly name: RepositoryName;
}

export interface RegistryV2Summary extends Readonly<ExportTally> {
  readonly repositories: number;
  /** What registry:2 will not serve, since its bytes are lost. */
  readonly damaged: readonly Damage[];
  /** What registry:2's files say and Berth does not, left as it is: the first of them. */
  readonly kept: readonly KeptLink[];
  readonly keptCount: number;
  /** `false`: it was asked to stop before. */
  readonly isFinished: boolean;
}

/** More are counted, not named. */
const MOST_KEPT_NAMED = 20;

/**
 * Writes what registry:2 needs to serve what Berth holds: links, and the bytes of manifests, into the data directory, where registry:2
 * finds the blobs, or into another one, to which they are copied. Bytes come before what names them, and files that are right are left
 * alone, so that it may be run again at any time, also while Berth serves.
 * @throws StorageError, MetadataError, RegistryError `name-unknown`, or that a name cannot be read; what a copy is interrupted with
 */
export async function exportRegistryV2(from: RegistryV2Export): Promise<RegistryV2Summary> {
  const { reads, storage, signal } = from;
  const damaged: Damage[] = [];
  const kept: KeptLink[] = [];
  const total = { repositories: 0, keptCount: 0, ...nothing() };
  const onKept = (link: KeptLink) => {
    if (kept.length < MOST_KEPT_NAMED) kept.push(link);
    total.keptCount++;
  };
  const hear = { onKept, onDamage: (damage: Damage) => void damaged.push(damage) };
  const chosen = from.repositories && (await selectRepositories(reads, from.repositories));
  const source = from.source && (await withProgress(from, from.source, chosen));
  for await (const name of chosen ?? iterateRepositories(from)) {
    if (signal.aborted) break;
    const tally = await exportRepository({ ...from, source }, name, hear);
    if (!tally) continue;
    add(total, tally);
    total.repositories++;
    from.report?.({ name, ...tally });
  }
  total.removed = signal.aborted ? 0 : await removeUnknown(from, chosen, onKept);
  // For registry:2 an empty folder of a tag is a tag.
  if (total.removed > 0) await storage.removeEmpty(repositoriesPrefix);
  return { ...total, damaged, kept, isFinished: !signal.aborted };
}

/** Elsewhere registry:2 has no use for those in which nothing is left. */
function iterateRepositories({
  reads,
  source,
}: Pick<RegistryV2Export, "reads" | "source">): AsyncIterable<RepositoryName> {
  const list = source ? listRepositories : listAllRepositories;
  return inPages<RepositoryName>(500, String, (page) => list(reads, page));
}

async function withProgress(
  { reads, onProgress }: RegistryV2Export,
  source: BlobSource,
  chosen: readonly RepositoryName[] | undefined,
): Promise<BlobSource> {
  if (!onProgress) return source;
  let totalBytes = 0;
  for await (const name of chosen ?? iterateRepositories({ reads, source }))
    totalBytes += await countBytes(reads, name);
  let doneBytes = 0;
  return { ...source, onPlaced: (bytes) => onProgress({ doneBytes: (doneBytes += bytes), totalBytes }) };
}

async function countBytes(reads: Queries, name: RepositoryName): Promise<number> {
  const id = await findRepositoryId(reads, name);
  let bytes = 0;
  if (id !== undefined) for await (const { sizeBytes } of iterateBlobsOf(reads, id)) bytes += sizeBytes;
  return bytes;
}

/** @returns how many links were removed */
async function removeUnknown(
  { reads, storage, source, prune, signal }: RegistryV2Export,
  chosen: readonly string[] | undefined,
  onKept: RepositoryExport["onKept"],
): Promise<number> {
  let removed = 0;
  for (const { name: repository } of await findRepositories(storage)) {
    if (signal.aborted) break;
    if (chosen && !chosen.includes(repository)) continue;
    removed += await removeUnknownLinks({ reads, storage, repository, prune, isCopy: source !== undefined, onKept });
  }
  return removed;
}

async function exportRepository(
  { reads, storage, source, prune }: RegistryV2Export,
  name: RepositoryName,
  hear: Pick<RepositoryExport, "onDamage" | "onKept">,
): Promise<ExportTally | undefined> {
  const repositoryId = await findRepositoryId(reads, name);
  if (repositoryId === undefined) return undefined;
  const tally = nothing();
  const target = { reads, storage, source, prune, name, repositoryId, tally, ...hear };
  await exportBlobs(target);
  await exportManifests(target);
  await exportTags(target);
  await exportReferrers(target);
  return tally;
}

function nothing(): ExportTally {
  return { blobs: 0, manifests: 0, tags: 0, referrerLists: 0, written: 0, removed: 0 };
}

function add(total: ExportTally, tally: ExportTally): void {
  const { blobs, manifests, tags, referrerLists, written, removed } = tally;
  total.blobs += blobs;
  total.manifests += manifests;
  total.tags += tags;
  total.referrerLists += referrerLists;
  total.written += written;
  total.removed += removed;
}
