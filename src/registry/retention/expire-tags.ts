import {
  areLabelsUnread,
  areTagsUnchanged,
  areUsedSince,
  putTagWatch,
  recordTagChange,
  removeTags,
  removeTagWatch,
  type TagWatch,
} from "../../metadata/index.ts";
import { record } from "../record.ts";
import type { Registry } from "../registry.ts";
import { findSettings, type Settings } from "../settings/settings.ts";
import { findHolders, type JudgedRepository } from "./judge-repository.ts";
import type { TagVerdict } from "./judge-tags.ts";

/** On its way to remove tags. */
type ExpiringRegistry = Pick<Registry, "metadata" | "clock" | "options">;

/** To be called before a repository is judged whose tags are to be removed; every change of a tag is seen from then on. */
export async function watchTags({ metadata, clock }: ExpiringRegistry, watch: TagWatch): Promise<void> {
  const nowMs = clock.nowMs();
  await metadata.transaction((queries) => putTagWatch(queries, { ...watch, nowMs }), { durable: false });
}

export async function unwatchTags({ metadata }: ExpiringRegistry, watch: TagWatch): Promise<void> {
  await metadata.transaction((queries) => removeTagWatch(queries, watch), { durable: false });
}

export interface TagExpiry {
  readonly judged: JudgedRepository;
  /** Of its verdicts, those to carry out. */
  readonly doomed: readonly TagVerdict[];
  /** On record with each of them. */
  readonly run: string;
  /** Who watches the tags. */
  readonly watcher: string;
}

/**
 * Removes tags that are to go, all in one transaction, if nothing that they were judged by has changed since.
 * @returns `false`: something has changed, and the repository is to be judged again
 */
export async function expireTags(
  registry: ExpiringRegistry,
  { judged, doomed, run, watcher }: TagExpiry,
): Promise<boolean> {
  const { repository, repositoryId, settings } = judged;
  const watch = { repositoryId, run: watcher };
  return registry.metadata.transaction(async (queries) => {
    if (!(await areTagsUnchanged(queries, watch))) return false;
    if (!isSame(await findSettings(queries, repository), settings)) return false;
    const nowMs = registry.clock.nowMs();
    const holderOf = await findHolders(queries, { repository, repositoryId, nowMs });
    if (doomed.some((tag) => holderOf(tag) !== undefined)) return false;
    if (dependsOnUse(settings) && (await areUsedSince(queries, repositoryId, doomed))) return false;
    const tags = doomed.map(({ tag }) => tag);
    // Perhaps one of them keeps it.
    if (await areLabelsUnread(queries, repositoryId, tags)) return false;
    // Whether manifests without a tag stay, and how long, is for the node to say that does.
    const withManifests = settings.untagged === undefined;
    await removeTags(queries, { repositoryId, tags, withManifests });
    for (const { tag, digest, reason, pushedAtMs, hasExpired } of doomed) {
      // Where it points is as it was judged: nothing has changed since.
      const gone = { repositoryId, tag, digest: undefined, from: { digest, updatedAtMs: pushedAtMs } };
      const why = { cause: hasExpired ? "expiry" : "retention", reason: `${reason} (${run})` } as const;
      await recordTagChange(queries, { ...gone, ...why, nowMs, by: BY_ITSELF });
      const detail = { tag, digest, reason, run };
      await record(registry, queries, { ...BY_ITSELF, act: "tag.expire", target: repository, detail });
    }
    // What goes changes nothing for the others.
    await putTagWatch(queries, { ...watch, nowMs });
    return true;
  });
}

function dependsOnUse({ retention }: Settings): boolean {
  return retention?.value.some(({ pulledWithin }) => pulledWithin !== undefined) ?? false;
}

const BY_ITSELF = { actor: undefined, address: undefined, requestId: undefined };

/** Also in what the tags are not judged by: to judge them again costs little. */
function isSame(one: Settings, other: Settings): boolean {
  return Bun.deepEquals(one, other);
}
