import {
  beginDescription,
  type Description,
  findDescription,
  findRepositoryId,
  listRepositories,
  type MetadataDatabase,
  putWhollyDescribed,
} from "../../metadata/index.ts";
import type { RepositoryName } from "../../oci/index.ts";
import { inPages } from "../in-pages.ts";
import { prefixOfLinks } from "../registry-v2/layout.ts";
import { removeUnknownLinks } from "../registry-v2/remove-unknown-links.ts";
import { describeManifests } from "./describe-manifests.ts";
import { describeTags, describeTagsOf } from "./describe-tags.ts";
import { type DescriptionRun, inStep } from "./description-run.ts";
import { findMarker, writeMarker } from "./marker.ts";
import { removeDeletedTags } from "./remove-deleted-tags.ts";
import { removeDescriptions } from "./remove-descriptions.ts";

/** All is looked at once in so long, as files may have been touched by others. */
export const WHOLE_EVERY_MS = 7 * 86_400_000;

/**
 * Writes beside the blobs, in registry:2's own layout, what has changed in the database since the last time: manifests, the blobs that
 * they name, and tags; and takes away what is not there any more. What is described can be read back without a database. Bytes come before
 * what names them. It may be interrupted at any time; two of them must not run at once.
 * @throws StorageError, MetadataError
 */
export async function describeRegistry(run: DescriptionRun): Promise<void> {
  const { metadata, storage, clock, tally } = run;
  const description = await requireBegun(run);
  await describeManifests(run, description.manifestId);
  if (description.wholeAtMs === null) await describeRest(run);
  await describeTags(run, description.tagChangeId);
  await removeDescriptions(run);
  if (description.wholeAtMs === null)
    await metadata.transaction((queries) => putWhollyDescribed(queries, clock.nowMs()));
  if (tally.written + tally.removed > 0 || description.wholeAtMs === null)
    await writeMarker(storage, { place: description.place, at: new Date(clock.nowMs()).toISOString() });
}

/** Another storage, such as an empty one after a restore, is described from the beginning; and so is this one now and then. */
async function requireBegun({ metadata, storage, clock, newId }: DescriptionRun): Promise<Description> {
  const known = await findDescription(metadata.reads);
  const marker = await findMarker(storage);
  const isUnderWay = known?.wholeAtMs === null;
  const isFresh = known && known.place === marker?.place && clock.nowMs() - (known.wholeAtMs ?? 0) < WHOLE_EVERY_MS;
  if (known && (isUnderWay || isFresh)) return known;
  await metadata.transaction((queries) => beginDescription(queries, newId()));
  return getDescription(metadata);
}

async function getDescription({ reads }: MetadataDatabase): Promise<Description> {
  const found = await findDescription(reads);
  if (found) return found;
  throw new Error("what was begun just now is not there");
}

/** All tags, and what links are left of deleted ones and of what nobody can pull. Tags that a registry:2 has moved since stay where they are. */
async function describeRest(run: DescriptionRun): Promise<void> {
  const { storage } = run;
  const { reads } = run.metadata;
  const names = inPages(500, String, (page) => listRepositories(reads, page)) as AsyncIterable<RepositoryName>;
  for await (const name of names) {
    const repositoryId = await findRepositoryId(reads, name);
    if (repositoryId === undefined) continue;
    await describeTagsOf(run, { name, repositoryId, prune: false });
    await removeDeletedTags(run, { name, repositoryId });
    const unknown = { reads, storage, repository: name, prune: false, onKept: () => undefined };
    await inStep(run, async () => {
      run.tally.removed += await removeUnknownLinks(unknown);
      await storage.removeEmpty(prefixOfLinks(name, "_manifests/tags"));
    });
  }
}
