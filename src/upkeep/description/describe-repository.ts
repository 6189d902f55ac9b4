import { listRepositoryManifests, recordDescribed, type RepositoryManifest } from "../../metadata/index.ts";
import { exportBlobs, exportManifests, exportTags } from "../registry-v2/export-contents.ts";
import { inPages } from "../in-pages.ts";
import { inBatches } from "../in-parallel.ts";
import type { RepositoryExport } from "../registry-v2/repository-export.ts";
import { type DescriptionRun, targetOf } from "./description-run.ts";

/** Describes a repository whole, whatever of it is described already. */
export async function describeRepository(
  run: DescriptionRun,
  repository: Pick<RepositoryExport, "name" | "repositoryId" | "prune">,
): Promise<void> {
  const { reads } = run.metadata;
  const { name, repositoryId } = repository;
  const manifests = inPages(
    16,
    ({ digest }: RepositoryManifest) => digest,
    (page) => listRepositoryManifests(reads, repositoryId, page),
  );
  for await (const batch of inBatches(manifests, { mostItems: 500, mostBytes: Infinity, bytesOf: () => 0 })) {
    const described = batch.map(({ digest }) => ({ digest, repository: name, repositoryId }));
    await run.metadata.transaction((queries) => recordDescribed(queries, described), { durable: false });
  }
  const target = targetOf(run, repository);
  await exportBlobs(target);
  await exportManifests(target);
  await exportTags(target);
}
