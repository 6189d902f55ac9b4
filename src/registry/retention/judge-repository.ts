import {
  type DatedTag,
  findHeldManifests,
  findKeeps,
  findRepositoryId,
  type Keep,
  type Lease,
  listDatedTags,
  listUseGaps,
  type Queries,
} from "../../metadata/index.ts";
import type { RepositoryName } from "../../oci/index.ts";
import { showLease } from "../in-use/guard-running.ts";
import { findSettings, type SaidSetting, type Settings } from "../settings/settings.ts";
import { findIndexChildren, keepReferred } from "./keep-referred.ts";
import { judgeTags, type TagVerdict } from "./judge-tags.ts";
import { showKeep } from "./keep-content.ts";
import type { RetentionRule } from "./retention-rule.ts";

/** What becomes of the tags of a repository, and what that was judged by. */
export interface JudgedRepository {
  readonly repository: RepositoryName;
  readonly repositoryId: number;
  readonly settings: Settings;
  /** In byte order. */
  readonly verdicts: readonly TagVerdict[];
}

export interface RepositoryQuestion {
  readonly repository: RepositoryName;
  readonly nowMs: number;
  /** As if that node said them. */
  readonly rules?: SaidSetting<readonly RetentionRule[]> | undefined;
}

/** Judges all tags of a repository; `undefined` if there is none of that name. */
export async function judgeRepository(
  queries: Queries,
  { repository, nowMs, rules }: RepositoryQuestion,
): Promise<JudgedRepository | undefined> {
  const repositoryId = await findRepositoryId(queries, repository);
  if (repositoryId === undefined) return undefined;
  const settings = await findJudgingSettings(queries, { repository, rules });
  const holderOf = await findHolders(queries, { repository, repositoryId, nowMs });
  const at = { nowMs, gaps: await listUseGaps(queries, nowMs) };
  const judged = judgeTags(await listAllTags(queries, repositoryId), settings, at);
  const held = keepHeld(judged, holderOf);
  const indexes = held.every(({ isKept }) => isKept) ? [] : held.filter(({ isKept, isIndex }) => isKept && isIndex);
  const children = await findIndexChildren(
    queries,
    repositoryId,
    indexes.map(({ digest }) => digest),
  );
  return { repository, repositoryId, settings, verdicts: keepReferred(held, children) };
}

/** The settings of a repository, with `rules` in place of its retention rules, unless a node nearer to it than theirs has rules of its own. */
export async function findJudgingSettings(
  queries: Queries,
  { repository, rules }: Pick<RepositoryQuestion, "repository" | "rules">,
): Promise<Settings> {
  const said = await findSettings(queries, repository);
  const isNearest = rules && (said.retention?.node.length ?? 0) <= rules.node.length;
  return isNearest ? { ...said, retention: rules } : said;
}

/** What holds a tag whatever the rules say, beside settings. */
export interface TagHolder {
  readonly sinceMs: number;
  /** For people. */
  readonly reason: string;
  readonly kind: "in-use" | "kept";
}

export type FindHolder = (tag: Pick<DatedTag, "tag" | "digest">) => TagHolder | undefined;

/** Keeps what something holds. @param atMs leaves out what began to hold it later */
export function keepHeld(
  verdicts: readonly TagVerdict[],
  holderOf: FindHolder,
  atMs = Infinity,
): readonly TagVerdict[] {
  return verdicts.map((verdict) => {
    const holder = verdict.isKept ? undefined : holderOf(verdict);
    return holder && holder.sinceMs <= atMs ? { ...verdict, isKept: true, reason: holder.reason } : verdict;
  });
}

/** That a cluster runs it, or that somebody has said so. */
export async function findHolders(
  queries: Queries,
  where: Parameters<typeof findHeldManifests>[1],
): Promise<FindHolder> {
  const held = await findHeldManifests(queries, where);
  const keeps = await findKeeps(queries, where);
  return ({ tag, digest }) => {
    const lease = held.get(digest);
    if (lease) return holdingLease(lease);
    const keep = keeps.get(tag) ?? keeps.get(digest);
    return keep && holdingKeep(keep);
  };
}

function holdingLease(lease: Lease): TagHolder {
  return { kind: "in-use", sinceMs: lease.sinceMs, reason: showLease(lease) };
}

function holdingKeep(keep: Keep): TagHolder {
  return { kind: "kept", sinceMs: keep.atMs, reason: showKeep(keep) };
}

const ROWS_AT_ONCE = 1000;

/** Of a repository, in byte order; others have their turn meanwhile. */
export async function listAllTags(queries: Queries, repositoryId: number): Promise<readonly DatedTag[]> {
  const tags: DatedTag[] = [];
  for (let after = ""; ;) {
    const rows = await listDatedTags(queries, repositoryId, { after, limit: ROWS_AT_ONCE });
    tags.push(...rows);
    const last = rows.at(-1);
    if (last === undefined || rows.length < ROWS_AT_ONCE) return tags;
    after = last.tag;
    await new Promise(setImmediate);
  }
}
