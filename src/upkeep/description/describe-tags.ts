import {
  findTaggedManifest,
  listChangedTags,
  listTaggedManifests,
  putTagChangesDescribed,
} from "../../metadata/index.ts";
import { exportTag } from "../registry-v2/export-contents.ts";
import { prefixOfLinks } from "../registry-v2/layout.ts";
import type { RepositoryExport } from "../registry-v2/repository-export.ts";
import { type DescriptionRun, inStep, targetOf } from "./description-run.ts";
import { removeLinks } from "./remove-links.ts";

const AT_ONCE = 100;

/** Says of each tag that was made, moved or deleted behind a change where it points now. */
export async function describeTags(run: DescriptionRun, afterId: number): Promise<void> {
  for (let after: number | undefined = afterId; after !== undefined;) {
    const from: number = after;
    after = await inStep(run, () => describeSome(run, from));
  }
}

/** @returns behind which change to go on; `undefined`: there are no more */
async function describeSome(run: DescriptionRun, afterId: number): Promise<number | undefined> {
  const { metadata } = run;
  const changes = await listChangedTags(metadata.reads, { afterId, limit: AT_ONCE });
  if (changes.length === 0) return undefined;
  const tags = new Map(changes.map((change) => [`${change.repository}:${change.tag}`, change]));
  await Promise.all([...tags.values()].map((change) => describeTag(run, change)));
  const described = { afterId, rows: changes };
  return metadata.transaction((queries) => putTagChangesDescribed(queries, described), { durable: false });
}

type ChangedTag = Awaited<ReturnType<typeof listChangedTags>>[number];

async function describeTag(run: DescriptionRun, changed: ChangedTag): Promise<void> {
  const { repository: name, repositoryId, tag } = changed;
  const tagged = await findTaggedManifest(run.metadata.reads, changed);
  // What Berth was told last counts, also where a registry:2 was started on the folder meanwhile.
  if (tagged) await exportTag(targetOf(run, { name, repositoryId, prune: true }), tagged);
  else await removeLinks(run, `${prefixOfLinks(name, "_manifests/tags")}${tag}/`);
}

const TAGS_AT_ONCE = 50;

/** Says of all tags of a repository where they point now. */
export async function describeTagsOf(
  run: DescriptionRun,
  repository: Pick<RepositoryExport, "name" | "repositoryId" | "prune">,
): Promise<void> {
  const { repositoryId } = repository;
  const page = (after: string) => listTaggedManifests(run.metadata.reads, repositoryId, { after, limit: TAGS_AT_ONCE });
  for (let tags = await page(""), last = tags.at(-1); last; tags = await page(last.tag), last = tags.at(-1)) {
    const batch = tags;
    await inStep(run, () => Promise.all(batch.map((tag) => exportTag(targetOf(run, repository), tag))));
  }
}
