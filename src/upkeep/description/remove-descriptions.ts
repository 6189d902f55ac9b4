import {
  beginUndescribed,
  findBlob,
  findManifestId,
  findPartlyImportedMove,
  findRepositoryId,
  findUnlinkedBlobs,
  forgetDescribed,
  listGoneManifests,
  listUndescribed,
  type Queries,
  recordDescribed,
  removeUndescribed,
} from "../../metadata/index.ts";
import type { Digest, RepositoryName } from "../../oci/index.ts";
import { blobKeyOf, releaseBytes } from "../../registry/index.ts";
import { exportBlob } from "../registry-v2/export-contents.ts";
import { linkOf, prefixOfLinks } from "../registry-v2/layout.ts";
import { removeUnknownLinks } from "../registry-v2/remove-unknown-links.ts";
import { describeRepository } from "./describe-repository.ts";
import { type DescriptionRun, inStep, targetOf } from "./description-run.ts";
import { removeLinks } from "./remove-links.ts";
import { removeMovedLinks } from "./remove-moved-links.ts";

const AT_ONCE = 50;

type Gone = Awaited<ReturnType<typeof listGoneManifests>>[number];
type Undescribed = Awaited<ReturnType<typeof listUndescribed>>[number];

/** Takes away what is described and there no more. What no repository is described with any more is left to clean-up. */
export async function removeDescriptions(run: DescriptionRun): Promise<void> {
  const { reads } = run.metadata;
  const some = () => listUndescribed(reads, AT_ONCE);
  for (let found = await some(); found.length > 0; found = await some())
    for (const one of found) await inStep(run, () => settle(run, one));
  const gone = () => listGoneManifests(reads, AT_ONCE);
  for (let found = await gone(); found.length > 0; found = await gone()) {
    const batch = found;
    await inStep(run, async () => {
      for (const manifest of batch) await removeManifest(run, manifest);
    });
  }
}

async function removeManifest(run: DescriptionRun, gone: Gone): Promise<void> {
  const { metadata, storage, tally } = run;
  const { repository, digest } = gone;
  if (await isThere(metadata.reads, gone)) {
    // Pushed again: its files are as they should be, or will be when its turn comes.
    await metadata.transaction((queries) => recordDescribed(queries, [gone], run.clock.nowMs()), { durable: false });
    return;
  }
  await storage.remove(linkOf(repository, "_manifests/revisions", digest));
  tally.removed++;
  const bytes = await storage.stat(blobKeyOf(digest));
  await metadata.transaction(async (queries) => {
    const isNowhere = await forgetDescribed(queries, gone);
    const nowMs = run.clock.nowMs();
    if (isNowhere && bytes) await releaseBytes(queries, { digest, sizeBytes: bytes.sizeBytes, nowMs });
  });
}

async function isThere(reads: Queries, { repository, repositoryId, digest }: Gone): Promise<boolean> {
  if ((await findRepositoryId(reads, repository)) !== repositoryId) return false;
  return (await findManifestId(reads, repositoryId, digest)) !== undefined;
}

/** It is forgotten when all is done: who breaks off begins it again, as does what changes meanwhile. */
async function settle(run: DescriptionRun, one: Undescribed): Promise<void> {
  const { metadata } = run;
  await metadata.transaction((queries) => beginUndescribed(queries, one), { durable: false });
  await describeAsItIs(run, one);
  await metadata.transaction((queries) => removeUndescribed(queries, one), { durable: false });
}

async function describeAsItIs(run: DescriptionRun, { kind, repository, digest }: Undescribed): Promise<void> {
  const { metadata, storage } = run;
  const { reads } = metadata;
  const repositoryId = await findRepositoryId(reads, repository);
  if (kind === "link" && digest !== "") return describeLink(run, { repository, repositoryId, digest });
  const movedId = await findPartlyImportedMove(reads, repository);
  if (movedId !== undefined) await removeMovedLinks(run, { name: repository, movedId, repositoryId });
  const prune = movedId === undefined;
  if (repositoryId === undefined) {
    if (!prune) return;
    for (const folder of ["_manifests/tags", "_manifests/revisions", "_layers"] as const)
      await removeLinks(run, prefixOfLinks(repository, folder));
    return;
  }
  await describeRepository(run, { name: repository, repositoryId, prune: true });
  run.tally.removed += await removeUnknownLinks({ reads, storage, repository, prune, onKept: () => undefined });
  await storage.removeEmpty(prefixOfLinks(repository, "_manifests/tags"));
}

interface Link {
  readonly repository: RepositoryName;
  readonly repositoryId: number | undefined;
  readonly digest: Digest;
}

async function describeLink(run: DescriptionRun, { repository: name, repositoryId, digest }: Link): Promise<void> {
  const { metadata, storage, tally } = run;
  const { reads } = metadata;
  const isUnlinked = repositoryId === undefined || (await findUnlinkedBlobs(reads, repositoryId, [digest])).length > 0;
  const blob = isUnlinked ? undefined : await findBlob(reads, digest);
  if (blob && repositoryId !== undefined) return exportBlob(targetOf(run, { name, repositoryId, prune: true }), blob);
  await storage.remove(linkOf(name, "_layers", digest));
  tally.removed++;
}
