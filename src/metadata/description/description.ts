import { sql } from "kysely";
import type { Digest } from "../../oci/index.ts";
import type { Queries } from "../database.ts";

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

/** From now on all is to be described anew in the place of this name, however much of it is. */
export async function beginDescription(queries: Queries, place: string): Promise<void> {
  await sql`
    insert or replace into descriptions (id, place, manifest_id, tag_change_id, whole_at_ms)
    values (1, ${place}, 0, (select coalesce(max(id), 0) from tag_history), null)`.execute(queries);
}

/**
 * Puts down that these manifests are described, and all before the last of them. @returns `false` if one is not there as it was: its number
 * may be another's by now
 */
export async function putDescribedUpTo(
  queries: Queries,
  manifests: readonly { readonly id: number; readonly digest: Digest }[],
): Promise<boolean> {
  const rows = JSON.stringify(manifests.map(({ id, digest }) => [id, digest]));
  const { rows: found } = await sql<{ same: number }>`
    select count(*) as same from json_each(${rows}) j
    join manifests m on m.id = j.value ->> 0 and m.digest = j.value ->> 1`.execute(queries);
  if (found[0]?.same !== manifests.length) return false;
  await queries
    .updateTable("descriptions")
    .set({ manifest_id: Math.max(...manifests.map(({ id }) => id)) })
    .execute();
  return true;
}

/** Puts down that all changes of tags up to this one are described. */
export async function putTagChangesDescribed(queries: Queries, tagChangeId: number): Promise<void> {
  await queries.updateTable("descriptions").set({ tag_change_id: tagChangeId }).execute();
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
