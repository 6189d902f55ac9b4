import {
  findRepositoryId,
  listManifests,
  listNamedBlobs,
  putDescribedUpTo,
  recordDescribed,
  type StoredManifest,
} from "../../metadata/index.ts";
import { exportBlob, exportManifest } from "../registry-v2/export-contents.ts";
import { type DescriptionRun, inStep, targetOf } from "./description-run.ts";

/** Each may have 4 MiB. */
const AT_ONCE = 16;

/** Describes what was pushed behind a manifest: its bytes, that the repository has it, and the blobs that it names. */
export async function describeManifests(run: DescriptionRun, afterId: number): Promise<void> {
  for (let after: number | undefined = afterId; after !== undefined;) {
    const from: number = after;
    after = await inStep(run, () => describeSome(run, from));
  }
}

/** @returns behind which one to go on; `undefined`: there are no more */
async function describeSome(run: DescriptionRun, afterId: number): Promise<number | undefined> {
  const { metadata } = run;
  const manifests = await listManifests(metadata.reads, afterId, AT_ONCE);
  if (manifests.length === 0) return undefined;
  await writeDescriptions(run, manifests);
  const described = { afterId, rows: manifests };
  return metadata.transaction((queries) => putDescribedUpTo(queries, described), { durable: false });
}

/** On record first: from then on clean-up takes nothing away that is written here. */
async function writeDescriptions(run: DescriptionRun, manifests: readonly StoredManifest[]): Promise<void> {
  const { metadata } = run;
  await metadata.transaction((queries) => recordDescribed(queries, manifests, run.clock.nowMs()), { durable: false });
  const ids = manifests.map(({ id }) => id);
  const blobs = Map.groupBy(await listNamedBlobs(metadata.reads, ids), ({ manifestId }) => manifestId);
  for (const [repositoryId, ofRepository] of Map.groupBy(manifests, (manifest) => manifest.repositoryId)) {
    const name = ofRepository[0]?.repository;
    if (name === undefined || (await findRepositoryId(metadata.reads, name)) !== repositoryId) continue;
    const target = targetOf(run, { name, repositoryId, prune: true });
    const named = ofRepository.flatMap(({ id }) => blobs.get(id) ?? []);
    const each = new Map(named.map((blob) => [blob.digest, blob]));
    await Promise.all([...each.values()].map((blob) => exportBlob(target, blob)));
    await Promise.all(ofRepository.map((manifest) => exportManifest(target, manifest)));
  }
}
