import {
  listRepositoryBlobs,
  listRepositoryManifests,
  recordDescribed,
  type RepositoryManifest,
  type StoredBlob,
} from "../../metadata/index.ts";
import { inPages } from "../in-pages.ts";
import { inBatches } from "../in-parallel.ts";
import { exportBlob, exportManifest } from "../registry-v2/export-contents.ts";
import type { RepositoryExport } from "../registry-v2/repository-export.ts";
import { describeTagsOf } from "./describe-tags.ts";
import { type DescriptionRun, inStep, targetOf } from "./description-run.ts";

type Place = Pick<RepositoryExport, "name" | "repositoryId" | "prune">;

/** Describes a repository whole, whatever of it is described already. */
export async function describeRepository(run: DescriptionRun, repository: Place): Promise<void> {
  const { reads } = run.metadata;
  const { name, repositoryId } = repository;
  const target = targetOf(run, repository);
  const digestOf = ({ digest }: StoredBlob | RepositoryManifest) => digest;
  const blobs = inPages(BLOBS_AT_ONCE, digestOf, (page) => listRepositoryBlobs(reads, repositoryId, page));
  await inSteps(run, blobs, {
    mostItems: BLOBS_AT_ONCE,
    work: (some) => all(some, (blob) => exportBlob(target, blob)),
  });
  const manifests = inPages(MANIFESTS_AT_ONCE, digestOf, (page) => listRepositoryManifests(reads, repositoryId, page));
  const describeSome = async (some: readonly RepositoryManifest[]) => {
    const described = some.map(({ digest }) => ({ digest, repository: name, repositoryId }));
    await run.metadata.transaction((queries) => recordDescribed(queries, described, run.clock.nowMs()), {
      durable: false,
    });
    await all(some, (manifest) => exportManifest(target, manifest));
  };
  await inSteps(run, manifests, { mostItems: MANIFESTS_AT_ONCE, work: describeSome });
  await describeTagsOf(run, repository);
}

const BLOBS_AT_ONCE = 100;
/** Each may have 4 MiB. */
const MANIFESTS_AT_ONCE = 16;

interface Steps<Item> {
  readonly mostItems: number;
  readonly work: (some: readonly Item[]) => Promise<unknown>;
}

async function inSteps<Item>(run: DescriptionRun, items: AsyncIterable<Item>, { mostItems, work }: Steps<Item>) {
  for await (const batch of inBatches(items, { mostItems })) await inStep(run, () => work(batch));
}

function all<Item>(items: readonly Item[], work: (item: Item) => Promise<void>): Promise<unknown> {
  return Promise.all(items.map(work));
}
