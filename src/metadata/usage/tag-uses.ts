import { type RawBuilder, sql } from "kysely";
import type { RepositoryName, Tag } from "../../oci/index.ts";
import type { Queries } from "../database.ts";

/** That something was asked for by a tag or a digest. */
export interface ReferenceUse {
  readonly repository: RepositoryName;
  readonly reference: string;
  readonly lastAtMs: number;
}

/** The number of the repository of a name; it may have got another name since it was asked for by this one. */
export function repositoryOf(name: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`coalesce((select id from repositories where name = ${name}),
    (select repository_id from repository_moves where name = ${name}))`;
}

/** Puts on record when tags were used last: the tag that was asked for, those of the manifest, and those of an index that names it. */
export async function addTagUses(queries: Queries, uses: readonly ReferenceUse[]): Promise<void> {
  const rows = JSON.stringify(uses);
  await sql`
    with used as materialized (
      select r.id as repository_id, u.value ->> 'reference' as reference, u.value ->> 'lastAtMs' as at_ms
      from json_each(${rows}) u join repositories r on r.id = ${repositoryOf(sql`u.value ->> 'repository'`)})
    insert into tag_uses (repository_id, tag, last_used_at_ms, is_guessed)
    select repository_id, name, max(at_ms), 0 from (
      select t.repository_id, t.name, u.at_ms from used u
        join tags t on t.repository_id = u.repository_id and t.name = u.reference
      union all select t.repository_id, t.name, u.at_ms from used u
        join manifests m on m.repository_id = u.repository_id and m.digest = u.reference
        join tags t on t.manifest_id = m.id
      union all select t.repository_id, t.name, u.at_ms from used u
        join manifest_references mr on mr.digest = u.reference and mr.repository_id = u.repository_id
        join tags t on t.manifest_id = mr.manifest_id)
    where true group by repository_id, name
    on conflict (repository_id, tag) do update set is_guessed = 0, last_used_at_ms = max(last_used_at_ms, excluded.last_used_at_ms)`.execute(
    queries,
  );
}

/** For a tag that brings a time of its own: nobody knows when it was used where it was. */
export async function putTagUse(
  queries: Queries,
  { repositoryId, tag, atMs }: { readonly repositoryId: number; readonly tag: Tag; readonly atMs: number },
): Promise<void> {
  await queries
    .insertInto("tag_uses")
    .values({ repository_id: repositoryId, tag, last_used_at_ms: atMs, is_guessed: 1 })
    .onConflict((conflict) =>
      conflict
        .columns(["repository_id", "tag"])
        .doUpdateSet({ last_used_at_ms: sql<number>`max(last_used_at_ms, excluded.last_used_at_ms)`, is_guessed: 1 }),
    )
    .execute();
}

/** Whether any of the tags was used after the time that is said with it. */
export async function areUsedSince(
  queries: Queries,
  repositoryId: number,
  tags: readonly { readonly tag: Tag; readonly usedAtMs: number | null }[],
): Promise<boolean> {
  const rows = JSON.stringify(tags.map(({ tag, usedAtMs }) => [tag, usedAtMs ?? 0]));
  const { rows: found } = await sql`
    select 1 from json_each(${rows}) c
    join tag_uses u on u.repository_id = ${repositoryId} and u.tag = c.value ->> 0
    where u.last_used_at_ms > c.value ->> 1 limit 1`.execute(queries);
  return found.length > 0;
}
