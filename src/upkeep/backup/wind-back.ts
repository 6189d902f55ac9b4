import {
  type AgedRepository,
  cancelJobsSince,
  listIncompleteOf,
  listManifestsDeletedSince,
  listManifestsSince,
  listRenamedSince,
  listRepositoriesByAge,
  listRestoredSince,
  listTagsChangedSince,
  type MetadataDatabase,
  recordAct,
} from "../../metadata/index.ts";
import type { Digest, RepositoryName, Tag } from "../../oci/index.ts";
import {
  bringBack,
  type Past,
  type RegistryOptions,
  takeAway,
  windBackTag,
  type WoundTag,
} from "../../registry/index.ts";
import { WindingTally, type WoundBack } from "./wound-back.ts";

export interface WindingBack {
  /** Of a registry that nobody serves. */
  readonly metadata: MetadataDatabase;
  readonly options: Pick<RegistryOptions, "binKeepMs" | "isAudited" | "validation">;
  /** All that happened until then, inclusive, stands. */
  readonly atMs: number;
  readonly nowMs: number;
  /** The name of the backup, for the audit trail. */
  readonly backup: string;
  readonly signal: AbortSignal;
}

/** Changes of one transaction. */
const STEP = 100;
const NOBODY = { actor: undefined, address: undefined, requestId: undefined };

/**
 * Brings tags, manifests and referrers back to what they were at a time, from the history of tags and the bin; in small transactions.
 * Settings, users and grants stay. What cannot be brought back is told, and stays as it is.
 * @throws MetadataError, or the reason of the aborted signal
 */
export async function windBack(winding: WindingBack): Promise<WoundBack> {
  const { metadata, atMs } = winding;
  const tally = new WindingTally(atMs);
  tally.jobsCancelled = await cancelYoungJobs(winding);
  await bringBackManifests(winding, tally);
  const restored = await listRestored(winding);
  for await (const repository of iterateRepositories(metadata)) {
    if (repository.createdAtMs > atMs && !repository.isEmpty) tally.repositoriesGone += 1;
    await windBackTags(winding, repository, tally);
    await takeAwayYoung(winding, { repository, known: restored.get(repository.name) ?? [] }, tally);
    await tellIncomplete(winding, repository, tally);
  }
  for (const { from, to } of await listRenamedSince(metadata.reads, atMs)) tally.renamed.add(`${from} is ${to}`);
  await recordWinding(winding, tally);
  return tally;
}

/** What was asked for later would be done again, such as the deletion that all this is about. */
function cancelYoungJobs({ metadata, atMs, nowMs }: WindingBack): Promise<number> {
  return metadata.transaction((queries) => cancelJobsSince(queries, { sinceMs: atMs, nowMs }));
}

/** What was deleted since; first, as tags need it. */
async function bringBackManifests(winding: WindingBack, tally: WindingTally): Promise<void> {
  const { metadata, atMs } = winding;
  for (let beforeId: number | undefined = Number.MAX_SAFE_INTEGER; beforeId !== undefined;) {
    const entries = await listManifestsDeletedSince(metadata.reads, atMs, { beforeId, limit: STEP });
    if (entries.length === 0) return;
    const back = await inStep(winding, (past) => inTurn(entries, (entry) => bringBack(past, entry)));
    const damaged = back.filter((id) => id === undefined).length;
    tally.damaged += damaged;
    tally.manifestsBack += back.length - damaged;
    beforeId = entries.at(-1);
  }
}

/** By repository. */
async function listRestored({ metadata, atMs }: WindingBack): Promise<ReadonlyMap<RepositoryName, readonly Digest[]>> {
  const restored = new Map<RepositoryName, Digest[]>();
  for (const { repository, digest } of await listRestoredSince(metadata.reads, atMs))
    restored.set(repository, [...(restored.get(repository) ?? []), digest]);
  return restored;
}

async function* iterateRepositories({ reads }: MetadataDatabase): AsyncGenerator<AgedRepository, void, void> {
  for (let afterId: number | undefined = 0; afterId !== undefined;) {
    const page: readonly AgedRepository[] = await listRepositoriesByAge(reads, { afterId, limit: STEP });
    yield* page;
    afterId = page.at(-1)?.id;
  }
}

async function windBackTags(winding: WindingBack, repository: AgedRepository, tally: WindingTally): Promise<void> {
  const { metadata, atMs } = winding;
  const { id: repositoryId, name, createdAtMs } = repository;
  const hadRepository = createdAtMs <= atMs;
  const changed = (page: { readonly after: string; readonly limit: number }) =>
    listTagsChangedSince(metadata.reads, { repositoryId, sinceMs: atMs }, page);
  for (let after: string | undefined = ""; after !== undefined;) {
    const tags: readonly Tag[] = await changed({ after, limit: STEP });
    if (tags.length === 0) return;
    const wound = await inStep(winding, (past) =>
      inTurn(tags, async (tag) => ({ tag, became: await windBackTag(past, { repositoryId, tag, hadRepository }) })),
    );
    for (const { tag, became } of wound) TELL[became](tally, `${name}:${tag}`);
    after = tags.at(-1);
  }
}

const TELL: Readonly<Record<WoundTag, (tally: WindingTally, name: string) => void>> = {
  same: () => undefined,
  made: (tally) => (tally.tagsBack += 1),
  moved: (tally) => (tally.tagsMoved += 1),
  removed: (tally) => (tally.tagsGone += 1),
  lost: (tally, name) => tally.tagsLost.add(name),
  unknown: (tally, name) => tally.tagsUnknown.add(name),
};

interface YoungOf {
  readonly repository: AgedRepository;
  /** That they were there before, although it does not look so. */
  readonly known: readonly Digest[];
}

/** From the outside inwards: what one names goes in another turn after it. */
async function takeAwayYoung(winding: WindingBack, young: YoungOf, tally: WindingTally): Promise<void> {
  for (let gone = 1; gone > 0; tally.manifestsGone += gone) gone = await takeTurn(winding, young);
}

/** @returns how many went */
async function takeTurn(winding: WindingBack, { repository, known }: YoungOf): Promise<number> {
  const { metadata, atMs, nowMs, options } = winding;
  const { id: repositoryId, name, createdAtMs } = repository;
  const young = { repositoryId, isAll: createdAtMs > atMs, sinceMs: atMs, exceptMs: nowMs, known };
  const place = { repository: name, repositoryId, binKeepMs: options.binKeepMs };
  let gone = 0;
  for (let afterId: number | undefined = 0; afterId !== undefined;) {
    const manifests: Manifests = await listManifestsSince(metadata.reads, young, { afterId, limit: STEP });
    if (manifests.length > 0)
      await inStep(winding, (past) => inTurn(manifests, (each) => takeAway(past, { ...each, ...place })));
    gone += manifests.length;
    afterId = manifests.at(-1)?.manifestId;
  }
  return gone;
}

type Manifests = Awaited<ReturnType<typeof listManifestsSince>>;

async function tellIncomplete(
  { metadata, nowMs }: WindingBack,
  { id: repositoryId, name }: AgedRepository,
  { incomplete }: WindingTally,
): Promise<void> {
  for (const digest of await listIncompleteOf(metadata.reads, { repositoryId, createdAtMs: nowMs }))
    incomplete.add(`${name}@${digest}`);
}

/** One act tells of all: of each tag its history does. */
async function recordWinding({ metadata, options, backup, nowMs }: WindingBack, tally: WindingTally): Promise<void> {
  if (!options.isAudited) return;
  const { atMs, manifestsBack, manifestsGone, tagsBack, tagsMoved, tagsGone, repositoriesGone, jobsCancelled } = tally;
  const counts = { manifestsBack, manifestsGone, tagsBack, tagsMoved, tagsGone, repositoriesGone, jobsCancelled };
  const detail = { backup, at: new Date(atMs).toISOString(), ...counts };
  await metadata.transaction((queries) =>
    recordAct(queries, { ...NOBODY, atMs: nowMs, act: "registry.wind-back", outcome: "success", detail }),
  );
}

/** In one transaction. */
function inStep<T>(
  { metadata, options, atMs, nowMs, signal }: WindingBack,
  work: (past: Past) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  const { validation } = options;
  return metadata.transaction((queries) =>
    work({ queries, nowMs, by: NOBODY, atMs, validation, record: async () => {} }),
  );
}

async function inTurn<From, To>(items: readonly From[], work: (item: From) => Promise<To>): Promise<readonly To[]> {
  const results: To[] = [];
  for (const item of items) results.push(await work(item));
  return results;
}
