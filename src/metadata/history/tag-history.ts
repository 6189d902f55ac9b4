import { sql } from "kysely";
import type { Digest, RepositoryName, Tag } from "../../oci/index.ts";
import type { ActOrigin } from "../audit/record-act.ts";
import type { Queries } from "../database.ts";
import { preparedQuery } from "../prepared-query.ts";
import type { TagCause } from "./schema.ts";

/** A tag of a repository. */
export interface TagPlace {
  readonly repositoryId: number;
  readonly tag: Tag;
}

/** What happens to a tag, and by whom. */
export interface TagEvent {
  readonly cause: TagCause;
  readonly nowMs: number;
  readonly by: Omit<ActOrigin, "requestId">;
}

/** Where a tag went to when it was moved, if it is gone, or came from; as it was called then. */
export interface OtherPlace {
  readonly repository: RepositoryName;
  readonly tag: Tag;
}

/** A tag that was made, moved or deleted. */
export interface NewTagChange extends TagPlace, TagEvent {
  /** `undefined`: it is deleted. */
  readonly digest: Digest | undefined;
  /** What it pointed at; `undefined`: it was not there. */
  readonly from: { readonly digest: Digest; readonly updatedAtMs: number } | undefined;
  /** For people. */
  readonly reason?: string | undefined;
  /** Of one that was moved to another name or repository. */
  readonly otherPlace?: OtherPlace | undefined;
}

/** One that is on record. */
export interface TagChangeRecord {
  readonly id: number;
  readonly digest: Digest | null;
  readonly fromDigest: Digest | null;
  /** Since when at least it had pointed there. */
  readonly fromSinceMs: number | null;
  readonly atMs: number;
  readonly cause: TagCause;
  readonly actor: string | null;
  readonly address: string | null;
  /** Where retention removed it: by what, and by which run; for people. */
  readonly reason: string | null;
  /** `null`: it was not moved from or to there. */
  readonly otherPlace: OtherPlace | null;
}

const insertChange = preparedQuery((queries, row: TagPlace & Omit<TagChangeRow, "id">) =>
  queries.insertInto("tag_history").values({
    repository_id: row.repositoryId,
    tag: row.tag,
    digest: row.digest,
    from_digest: row.fromDigest,
    from_since_ms: row.fromSinceMs,
    at_ms: row.atMs,
    cause: row.cause,
    actor: row.actor,
    address: row.address,
    reason: row.reason,
    other_place: row.otherPlace,
  }),
);

/** Puts a change on record, in the transaction that makes it. */
export async function recordTagChange(queries: Queries, change: NewTagChange): Promise<void> {
  const { repositoryId, tag, digest, from, cause, nowMs, by, reason, otherPlace } = change;
  await insertChange(queries, {
    repositoryId,
    tag,
    digest: digest ?? null,
    fromDigest: from?.digest ?? null,
    fromSinceMs: from?.updatedAtMs ?? null,
    atMs: nowMs,
    cause,
    actor: by.actor ?? null,
    address: by.address ?? null,
    reason: reason ?? null,
    otherPlace: otherPlace ? `${otherPlace.repository}:${otherPlace.tag}` : null,
  });
}

/** As it is on record. */
type TagChangeRow = Omit<TagChangeRecord, "otherPlace"> & { readonly otherPlace: string | null };

function readRow({ otherPlace: place, ...row }: TagChangeRow): TagChangeRecord {
  const [repository, tag] = (place?.split(":") ?? []) as [RepositoryName?, Tag?];
  return { ...row, otherPlace: repository !== undefined && tag !== undefined ? { repository, tag } : null };
}

/** Puts on record that the manifests' tags go; to be called before they do. */
export async function recordTagRemovals(
  queries: Queries,
  manifestIds: readonly number[],
  { cause, nowMs, by }: TagEvent,
): Promise<void> {
  await sql`
    insert into tag_history
      (repository_id, tag, digest, from_digest, from_since_ms, at_ms, cause, actor, address)
    select t.repository_id, t.name, null, m.digest, t.updated_at_ms, ${nowMs}, ${cause},
      ${by.actor ?? null}, ${by.address ?? null}
    from json_each(${JSON.stringify(manifestIds)}) c
    join manifests m on m.id = c.value
    join tags t on t.manifest_id = m.id`.execute(queries);
}

const COLUMNS = [
  "id",
  "digest",
  "from_digest as fromDigest",
  "from_since_ms as fromSinceMs",
  "at_ms as atMs",
  "cause",
  "actor",
  "address",
  "reason",
  "other_place as otherPlace",
] as const;

/** What happened to a tag before the change `beforeId`, the newest first. */
export async function listTagChanges(
  queries: Queries,
  { repositoryId, tag }: TagPlace,
  { beforeId, limit }: { readonly beforeId?: number | undefined; readonly limit: number },
): Promise<readonly TagChangeRecord[]> {
  const rows = await queries
    .selectFrom("tag_history")
    .select(COLUMNS)
    .where("repository_id", "=", repositoryId)
    .where("tag", "=", tag)
    .$if(beforeId !== undefined, (all) => all.where("id", "<", beforeId ?? 0))
    .orderBy("id", "desc")
    .limit(limit)
    .execute();
  return rows.map(readRow);
}

/** A change of some tag of a repository. */
export type RepositoryChange = Pick<TagChangeRecord, "digest" | "fromDigest" | "fromSinceMs" | "atMs"> & {
  readonly tag: Tag;
};

/** What happened to the tags of a repository since, inclusive; of each tag in the order in which it did. */
export async function listChangesSince(
  queries: Queries,
  repositoryId: number,
  sinceMs: number,
): Promise<readonly RepositoryChange[]> {
  return queries
    .selectFrom("tag_history")
    .select(["tag", "digest", "from_digest as fromDigest", "from_since_ms as fromSinceMs", "at_ms as atMs"])
    .where("repository_id", "=", repositoryId)
    .where("at_ms", ">=", sinceMs)
    .orderBy("tag")
    .orderBy("id")
    .execute();
}

/** The last change up to a time, inclusive, and the first behind it. */
export async function findTagChangesAround(
  queries: Queries,
  place: TagPlace,
  atMs: number,
): Promise<{ readonly before: TagChangeRecord | undefined; readonly after: TagChangeRecord | undefined }> {
  const changes = queries
    .selectFrom("tag_history")
    .select(COLUMNS)
    .where("repository_id", "=", place.repositoryId)
    .where("tag", "=", place.tag)
    .limit(1);
  const before = await changes.where("at_ms", "<=", atMs).orderBy("id", "desc").executeTakeFirst();
  const after = await changes.where("at_ms", ">", atMs).orderBy("id", "asc").executeTakeFirst();
  return { before: before && readRow(before), after: after && readRow(after) };
}

/** How a manifest lost a tag. */
export type TagLoss = Pick<TagChangeRecord, "digest" | "atMs" | "cause" | "actor"> & { readonly tag: Tag };

/**
 * How a manifest lost the last of its tags that it has lost up to a time, inclusive; those do not count that clean-up took along with it.
 * For a look now and then: it goes back through the whole history until it finds it.
 */
export async function findLastTagLoss(
  queries: Queries,
  {
    repository,
    digest,
    untilMs,
  }: { readonly repository: RepositoryName; readonly digest: Digest; readonly untilMs: number },
): Promise<TagLoss | undefined> {
  // Without the index of a repository's tags, by the plus: one row after the other is ten times as fast as each by its number.
  const { rows } = await sql<TagLoss>`
    select tag, digest, at_ms as atMs, cause, actor from tag_history
    where +repository_id = (select id from repositories where name = ${repository}) and from_digest = ${digest}
      and digest is not ${digest} and cause <> 'clean-up' and at_ms <= ${untilMs}
    order by id desc limit 1`.execute(queries);
  return rows[0];
}
