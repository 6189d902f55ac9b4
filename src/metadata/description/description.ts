import { sql } from "kysely";
import type { Digest } from "../../oci/index.ts";
import type { Queries } from "../database.ts";
import type { ChangedTag } from "./described.ts";

/** How far storage describes what there is. */
export interface Description {
  /** The name that the storage has, too. */
  readonly place: string;
  /** The last manifest that is described. */
  readonly manifestId: number;
  /** The last change of a tag that is. */
  readonly tagChangeId: number;
  /** When all was looked at, whatever had changed; `null`: that is still to be done. */
  readonly wholeAtMs: number | null;
}

export async function findDescription(queries: Queries): Promise<Description | undefined> {
  return queries
    .selectFrom("descriptions")
    .select(["place", "manifest_id as manifestId", "tag_change_id as tagChangeId", "whole_at_ms as wholeAtMs"])
    .executeTakeFirst();
}

/**
 * From now on all is to be described anew in the place of this name, however much of it is. What is still described by the name that a
 * repository had while nothing was described is to be looked at, and so are tags from where it was before.
 */
export async function beginDescription(queries: Queries, place: string): Promise<void> {
  const isElsewhere = sql`not exists (
    select 1 from repositories r where r.id = d.repository_id and r.name = d.repository)`;
  await sql`
    insert into undescribed (kind, repository, digest)
    select distinct 'repository', d.repository, '' from described_manifests d where ${isElsewhere}
    on conflict (kind, repository, digest) do update set is_under_way = 0`.execute(queries);
  await sql`update described_manifests as d set is_gone = 1 where ${isElsewhere}`.execute(queries);
  await sql`
    insert or replace into descriptions (id, place, manifest_id, tag_change_id, whole_at_ms)
    values (1, ${place}, 0, coalesce((select tag_change_id from descriptions),
      (select max(id) from tag_history), 0), null)`.execute(queries);
}

/** What was described behind a mark. */
export interface DescribedBehind<Row> {
  readonly afterId: number;
  /** In the order of their numbers; at least one. */
  readonly rows: readonly Row[];
}

/**
 * Puts down that these manifests are described, and all before the last of them. Not if one is not there as it was, as its number may be
 * another's by now; nor if the mark was set back meanwhile.
 * @returns behind which manifest to go on
 */
export async function putDescribedUpTo(
  queries: Queries,
  { afterId, rows }: DescribedBehind<{ readonly id: number; readonly repositoryId: number; readonly digest: Digest }>,
): Promise<number> {
  const known = JSON.stringify(rows.map(({ id, repositoryId, digest }) => [id, repositoryId, digest]));
  const { rows: found } = await sql<FoundMark>`
    select d.manifest_id as mark, (select count(*) from json_each(${known}) j
      join manifests m on m.id = j.value ->> 0 and m.repository_id = j.value ->> 1 and m.digest = j.value ->> 2) as same
    from descriptions d`.execute(queries);
  const ids = rows.map(({ id }) => id);
  return advance(found[0], { afterId, ids }, async (last) => {
    await queries.updateTable("descriptions").set({ manifest_id: last }).execute();
  });
}

/** Puts down that all changes of tags up to the last of these are described, in the same way. */
export async function putTagChangesDescribed(
  queries: Queries,
  { afterId, rows }: DescribedBehind<Pick<ChangedTag, "changeId" | "repositoryId" | "tag">>,
): Promise<number> {
  const known = JSON.stringify(rows.map(({ changeId, repositoryId, tag }) => [changeId, repositoryId, tag]));
  const { rows: found } = await sql<FoundMark>`
    select d.tag_change_id as mark, (select count(*) from json_each(${known}) j
      join tag_history h on h.id = j.value ->> 0 and h.repository_id = j.value ->> 1 and h.tag = j.value ->> 2) as same
    from descriptions d`.execute(queries);
  const ids = rows.map(({ changeId }) => changeId);
  return advance(found[0], { afterId, ids }, async (last) => {
    await queries.updateTable("descriptions").set({ tag_change_id: last }).execute();
  });
}

interface FoundMark {
  readonly mark: number;
  /** How many of the rows are there as they were. */
  readonly same: number;
}

/** @returns behind which number to go on */
async function advance(
  { mark, same }: FoundMark = { mark: 0, same: 0 },
  { afterId, ids }: { readonly afterId: number; readonly ids: readonly number[] },
  putMark: (last: number) => Promise<void>,
): Promise<number> {
  if (mark < afterId || same !== ids.length) return Math.min(mark, afterId);
  const last = Math.max(...ids);
  await putMark(last);
  return last;
}

export async function putWhollyDescribed(queries: Queries, wholeAtMs: number): Promise<void> {
  await queries.updateTable("descriptions").set({ whole_at_ms: wholeAtMs }).execute();
}

/** Nothing is described any more; what was stays on record, to be removed when it is again. */
export async function endDescription(queries: Queries): Promise<void> {
  await queries.deleteFrom("descriptions").execute();
}

/** Whether something has changed that storage does not say yet. */
export async function isDescriptionBehind(queries: Queries): Promise<boolean> {
  const { rows } = await sql<{ behind: number }>`
    select exists (select 1 from manifests where id > d.manifest_id)
      or exists (select 1 from tag_history where id > d.tag_change_id)
      or exists (select 1 from described_manifests where is_gone = 1)
      or exists (select 1 from undescribed) as behind
    from descriptions d`.execute(queries);
  return rows[0]?.behind !== 0;
}
