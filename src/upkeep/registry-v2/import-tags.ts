import {
  findManifestId,
  findTag,
  listTagChanges,
  putImportTime,
  putOlderTag,
  putTagUse,
  type Queries,
  recordTagChange,
} from "../../metadata/index.ts";
import { type Digest, isTag, type Tag } from "../../oci/index.ts";
import { describeImmutable, findSettings, type Settings } from "../../registry/index.ts";
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

/** Takes over a repository's tags, once its manifests are there. A tag that was moved since in Berth stays where it is, and so does an immutable one. */
export async function importTags(target: RepositoryImport): Promise<void> {
  const links = target.storage.iterate(prefixOfLinks(target.name, "_manifests/tags"));
  const tags = present(inParallel(links, MOST_READS, (link) => readTag(target, link)));
  for await (const batch of inBatches(tags, { mostItems: 500 })) {
    const left: LeftTag[] = [];
    await writeBatch(target, async (queries) => {
      const settings = await findSettings(queries, target.name);
      for (const found of batch) {
        const why = await putTag(queries, { ...target, settings }, found);
        if (why) left.push({ ...found, ...why });
      }
    });
    for (const each of left) reportLeft(target, each);
    target.tally.tags += batch.length - left.length;
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

/** Why a tag is not taken over. */
interface WhyLeft {
  readonly reason: string;
  /** It is as Berth wants it, and nothing has to be repaired. */
  readonly isRefused: boolean;
}

type LeftTag = FoundTag & WhyLeft;

interface TagPlace extends Pick<RepositoryImport, "repositoryId" | "nowMs" | "clock"> {
  readonly settings: Settings;
}

/** @returns `undefined`: it is as the link says, or Berth has moved it since */
async function putTag(queries: Queries, place: TagPlace, found: FoundTag): Promise<WhyLeft | undefined> {
  const { repositoryId, settings } = place;
  const { tag, digest, movedAtMs } = found;
  const manifestId = await findManifestId(queries, repositoryId, digest);
  if (manifestId === undefined)
    return { reason: `it points at ${digest}, which is missing or damaged`, isRefused: false };
  const from = await findTag(queries, repositoryId, tag);
  // A link that says the same may be younger, as Berth describes it later than it moves it.
  if (from && (from.updatedAtMs >= movedAtMs || from.digest === digest)) return undefined;
  const immutable = from && describeImmutable(settings, tag);
  if (immutable)
    return { reason: `it is ${immutable}, and stays at ${from.digest} instead of ${digest}`, isRefused: true };
  await moveTag(queries, place, { ...found, manifestId, from });
  return undefined;
}

interface MovedTag extends FoundTag {
  readonly manifestId: number;
  readonly from: Awaited<ReturnType<typeof findTag>>;
}

async function moveTag(
  queries: Queries,
  { repositoryId, nowMs, clock }: TagPlace,
  { tag, digest, movedAtMs, manifestId, from }: MovedTag,
): Promise<void> {
  await putOlderTag(queries, { repositoryId, tag, manifestId, nowMs: movedAtMs });
  await putImportTime(queries, repositoryId, clock.nowMs());
  await putTagUse(queries, { repositoryId, tag, atMs: nowMs });
  // One that was deleted here meanwhile comes back now; before its first change here it has been where registry:2 had it.
  const isBack = !from && (await listTagChanges(queries, { repositoryId, tag }, { limit: 1 })).length > 0;
  const event = { cause: "import", nowMs: isBack ? nowMs : movedAtMs, by: NOBODY } as const;
  await recordTagChange(queries, { repositoryId, tag, digest, from, ...event });
}

function reportLeft({ name, onDamage, onRefused }: RepositoryImport, { tag, reason, isRefused }: LeftTag): void {
  const report = isRefused ? onRefused : onDamage;
  report({ repository: name, reference: tag, reason, isIndexed: false });
}
