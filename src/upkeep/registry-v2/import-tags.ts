import {
  findManifestId,
  findTag,
  listTagChanges,
  putOlderTag,
  putTagUse,
  type Queries,
  recordTagChange,
} from "../../metadata/index.ts";
import { type Digest, isTag, type Tag } from "../../oci/index.ts";
import type { StoredObject } from "../../storage/index.ts";
import { DamageError } from "./damage.ts";
import { inBatches, inParallel } from "../in-parallel.ts";
import { prefixOfLinks, tagOfLink } from "./layout.ts";
import { readLink } from "./read-link.ts";
import { MOST_READS, orDamage, present, type RepositoryImport, writeBatch } from "./repository-import.ts";

interface FoundTag {
  readonly tag: Tag;
  readonly digest: Digest;
  readonly movedAtMs: number;
}

/** Takes over a repository's tags, once its manifests are there. A tag that was moved since in Berth stays where it is. */
export async function importTags(target: RepositoryImport): Promise<void> {
  const links = target.storage.iterate(prefixOfLinks(target.name, "_manifests/tags"));
  const tags = present(inParallel(links, MOST_READS, (link) => readTag(target, link)));
  for await (const batch of inBatches(tags, { mostItems: 500, mostBytes: Infinity, bytesOf: () => 0 })) {
    const lost: FoundTag[] = [];
    await writeBatch(target, async (queries) => {
      for (const found of batch) if (!(await putTag(queries, target, found))) lost.push(found);
    });
    for (const { tag, digest } of lost) reportLost(target, tag, digest);
    target.tally.tags += batch.length - lost.length;
  }
}

async function readTag(target: RepositoryImport, link: StoredObject): Promise<FoundTag | undefined> {
  const text = tagOfLink(link.key, prefixOfLinks(target.name, "_manifests/tags"));
  if (text === undefined || target.redundant.has(text)) return undefined;
  return orDamage(target, text, async () => {
    if (!isTag(text)) throw new DamageError("this is not a valid tag");
    const digest = await readLink(target.storage, link);
    if (digest === undefined) throw new DamageError("its link holds no digest");
    return { tag: text, digest, movedAtMs: Math.trunc(link.modifiedAtMs) };
  });
}

const NOBODY = { actor: undefined, address: undefined };

/** @returns whether there is such a manifest */
async function putTag(
  queries: Queries,
  { repositoryId, nowMs }: Pick<RepositoryImport, "repositoryId" | "nowMs">,
  { tag, digest, movedAtMs }: FoundTag,
): Promise<boolean> {
  const manifestId = await findManifestId(queries, repositoryId, digest);
  if (manifestId === undefined) return false;
  const from = await findTag(queries, repositoryId, tag);
  // A link that says the same may be younger, as Berth describes it later than it moves it.
  if (from && (from.updatedAtMs >= movedAtMs || from.digest === digest)) return true;
  await putOlderTag(queries, { repositoryId, tag, manifestId, nowMs: movedAtMs });
  await putTagUse(queries, { repositoryId, tag, atMs: nowMs });
  // One that was deleted here meanwhile comes back now; before its first change here it has been where registry:2 had it.
  const isBack = !from && (await listTagChanges(queries, { repositoryId, tag }, { limit: 1 })).length > 0;
  const event = { cause: "import", nowMs: isBack ? nowMs : movedAtMs, by: NOBODY } as const;
  await recordTagChange(queries, { repositoryId, tag, digest, from, ...event });
  return true;
}

function reportLost(target: RepositoryImport, tag: Tag, digest: Digest): void {
  const reason = `it points at ${digest}, which is missing or damaged`;
  target.onDamage({ repository: target.name, reference: tag, reason, isIndexed: false });
}
