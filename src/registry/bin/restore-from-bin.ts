import {
  type BinEntry,
  findBinBody,
  findManifestFacts,
  findManifestId,
  findTag,
  isManifestLost,
  listBinTags,
  putManifest,
  relinkBinnedBlobs,
  removeBinEntries,
} from "../../metadata/index.ts";
import { algorithmOf, type Digest, digestOf, parseManifest, RegistryError, type Tag } from "../../oci/index.ts";
import type { RegistryChange } from "../change.ts";
import { moveTag } from "../history/move-tag.ts";
import { requireWholeManifest } from "../history/roll-back-tag.ts";
import { findMissingReferences } from "../missing-references.ts";
import type { ValidationOptions } from "../options.ts";
import { addWithinQuotas } from "../quotas/add-within-quotas.ts";

export interface BinRestore {
  readonly entry: BinEntry;
  /** Moves back tags that point elsewhere by now, and brings back what is not whole any more. */
  readonly force: boolean;
  readonly validation: ValidationOptions;
  /** Told of tags that point elsewhere before they are moved. @throws RegistryError `denied` */
  readonly requireMayMove: (tags: readonly Tag[]) => void;
}

/** What came back. */
export interface Restored {
  readonly digest: Digest;
  /** The first hundred. */
  readonly tags: readonly Tag[];
}

const ALL_TAGS = -1;

/**
 * Brings a deleted manifest back with its tags, or a deleted tag. What refers to a manifest is there still, as the bin has kept it.
 * @throws RegistryError `conflict` naming all that stands in the way, `denied` where a quota would be exceeded
 */
export async function restoreFromBin(change: RegistryChange, restore: BinRestore): Promise<Restored> {
  const { queries } = change;
  const { entry } = restore;
  const { repositoryId, digest, repository } = entry;
  const tags = await listBinTags(queries, entry.id, ALL_TAGS);
  const moved = await findMovedTags(change, entry, tags);
  if (moved.length > 0 && !restore.force) throw tagsInTheWay(moved);
  if (moved.length > 0) restore.requireMayMove(moved);
  await addWithinQuotas(queries, repository, async () => {
    const manifestId = await restoreManifest(change, restore);
    for (const tag of tags)
      await moveTag(change, { repository, repositoryId, tag, manifestId, digest, cause: "restore" });
  });
  await removeBinEntries(queries, [entry.id]);
  const shown = {
    digest,
    tags: tags.slice(0, MOST_TAGS_NAMED),
    hasMoreTags: tags.length > MOST_TAGS_NAMED || undefined,
  };
  const detail = { entry: entry.id, ...shown, moved: moved.slice(0, MOST_TAGS_NAMED) };
  await change.record({ act: "bin.restore", target: repository, detail });
  return shown;
}

/** So that answers, and rows of the audit trail, stay small. */
const MOST_TAGS_NAMED = 100;

/** Tags that were made anew since, and point elsewhere. */
async function findMovedTags(
  { queries }: RegistryChange,
  { repositoryId, digest }: BinEntry,
  tags: readonly Tag[],
): Promise<readonly Tag[]> {
  const moved: Tag[] = [];
  for (const tag of tags) {
    const there = await findTag(queries, repositoryId, tag);
    if (there && there.digest !== digest) moved.push(tag);
  }
  return moved;
}

function tagsInTheWay(tags: readonly Tag[]): RegistryError {
  const named = tags.slice(0, MOST_TAGS_NAMED);
  const others = tags.length > named.length ? ` and ${tags.length - named.length} more` : "";
  const message =
    tags.length === 1
      ? `the tag ${named.join()} points elsewhere by now: restore with force to move it back`
      : `the tags ${named.join(", ")}${others} point elsewhere by now: restore with force to move them back`;
  return new RegistryError("conflict", message, { details: named.map((tag) => ({ tag })) });
}

/**
 * Brings back the manifest of an entry alone, or that of a tag.
 * @returns its row, which may be there still, or again
 * @throws RegistryError `conflict`, and `unavailable` where its bytes are damaged
 */
export async function restoreManifest(
  change: Pick<RegistryChange, "queries" | "nowMs">,
  { entry, force, validation }: Omit<BinRestore, "requireMayMove">,
): Promise<number> {
  const { queries, nowMs } = change;
  const { repositoryId, digest, repository } = entry;
  const facts = await findManifestFacts(queries, repositoryId, digest);
  if (entry.kind === "tag") await requireWholeManifest(queries, entry, digest);
  if (entry.kind === "tag" || (facts && !isManifestLost(facts))) {
    const id = await findManifestId(queries, repositoryId, digest);
    if (id !== undefined) return id;
  }
  const body = await findBinBody(queries, entry.id);
  if (!body || digestOf(body, algorithmOf(digest)) !== digest)
    throw new RegistryError("unavailable", `the bytes of manifest ${digest} in the bin are damaged: push it again`);
  const manifest = parseManifest(body, entry.mediaType);
  await relinkBinnedBlobs(queries, entry.id, nowMs);
  const missing = force ? [] : await findMissingReferences(validation, queries, { repositoryId, manifest });
  if (missing.length > 0) throw notWhole(repository, missing);
  // Its age begins anew, lest clean-up find it old enough to go at once.
  return (await putManifest(queries, { repositoryId, digest, manifest, body, createdAtMs: nowMs })).id;
}

function notWhole(repository: string, missing: readonly Digest[]): RegistryError {
  const named = missing.slice(0, MOST_TAGS_NAMED);
  const message = `${repository} does not have ${named[0]} any more${
    missing.length > 1 ? `, nor ${missing.length - 1} more that the manifest names` : ", which the manifest names"
  }: restore or push what is missing first, or restore with force`;
  return new RegistryError("conflict", message, { details: named.map((digest) => ({ digest })) });
}
