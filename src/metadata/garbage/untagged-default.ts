import { sql } from "kysely";
import type { Queries } from "../database.ts";

const PLACE = { room: "collection", name: "untagged-go" } as const;

/** Whether manifests without a tag went by default when clean-up was last told; `undefined`: it never was. */
export async function findUntaggedDefault(queries: Queries): Promise<boolean | undefined> {
  const { room, name } = PLACE;
  const row = await queries
    .selectFrom("counters")
    .select("value")
    .where("room", "=", room)
    .where("name", "=", name)
    .executeTakeFirst();
  return row && row.value === 1;
}

export async function putUntaggedDefault(queries: Queries, theyGo: boolean): Promise<void> {
  const value = theyGo ? 1 : 0;
  await queries
    .insertInto("counters")
    .values({ ...PLACE, value })
    .onConflict((conflict) => conflict.columns(["room", "name"]).doUpdateSet({ value }))
    .execute();
}

export interface SomeManifests {
  /** Exclusive. */
  readonly afterId: number;
  readonly limit: number;
}

/**
 * Makes candidates of the manifests without a tag among the next ones, in the order of their numbers, as if each had just lost its tag.
 * @returns the last that was looked at; `undefined`: there are no more
 */
export async function nominateSomeUntagged(
  queries: Queries,
  { afterId, limit }: SomeManifests,
  nowMs: number,
): Promise<number | undefined> {
  const some = sql`select id, repository_id from manifests where id > ${afterId} order by id limit ${limit}`;
  const { rows } = await sql<{ last: number | null }>`select max(id) as last from (${some})`.execute(queries);
  const last = rows[0]?.last ?? undefined;
  if (last === undefined) return undefined;
  await sql`
    insert into garbage_candidates (kind, repository_id, target_id, is_orphan, since_ms)
    select 'manifest', m.repository_id, m.id, 0, ${nowMs} from (${some}) m
    where not exists (select 1 from tags t where t.manifest_id = m.id)
    on conflict (kind, repository_id, target_id) do nothing`.execute(queries);
  return last;
}
