import { sql } from "kysely";
import type { Digest } from "../../oci/index.ts";
import type { Queries } from "../database.ts";
import type { NamePage } from "../page.ts";

/** That somebody wants a tag to stay, or a manifest with all its tags. */
export interface Keep {
  /** A tag, or the digest of a manifest. */
  readonly reference: string;
  /** For people; may be empty. */
  readonly reason: string;
  /** `null`: for good. */
  readonly untilMs: number | null;
  readonly actor: string | null;
  readonly atMs: number;
}

const COLUMNS = ["reference", "reason", "until_ms as untilMs", "actor", "at_ms as atMs"] as const;

/** In the place of what was said of it before. */
export async function putKeep(queries: Queries, repositoryId: number, keep: Keep): Promise<void> {
  const { reference, reason, untilMs, actor, atMs } = keep;
  const said = { reason, until_ms: untilMs, actor, at_ms: atMs };
  await queries
    .insertInto("keeps")
    .values({ repository_id: repositoryId, reference, ...said })
    .onConflict((conflict) => conflict.columns(["repository_id", "reference"]).doUpdateSet(said))
    .execute();
}

/** @returns whether there was one */
export async function removeKeep(queries: Queries, repositoryId: number, reference: string): Promise<boolean> {
  const { numDeletedRows } = await queries
    .deleteFrom("keeps")
    .where("repository_id", "=", repositoryId)
    .where("reference", "=", reference)
    .executeTakeFirst();
  return numDeletedRows > 0n;
}

export async function findKeep(queries: Queries, repositoryId: number, reference: string): Promise<Keep | undefined> {
  return queries
    .selectFrom("keeps")
    .select(COLUMNS)
    .where("repository_id", "=", repositoryId)
    .where("reference", "=", reference)
    .executeTakeFirst();
}

/** Of a repository, in byte order, also those whose time is over. */
export async function listKeeps(
  queries: Queries,
  repositoryId: number,
  { after, limit }: NamePage,
): Promise<readonly Keep[]> {
  return queries
    .selectFrom("keeps")
    .select(COLUMNS)
    .where("repository_id", "=", repositoryId)
    .where("reference", ">", after)
    .orderBy("reference")
    .limit(limit)
    .execute();
}

/** What holds in a repository now: by tag, by digest, and by the digest of an index that names what is kept. */
export async function findKeeps(
  queries: Queries,
  { repositoryId, nowMs }: { readonly repositoryId: number; readonly nowMs: number },
): Promise<ReadonlyMap<string, Keep>> {
  const { rows } = await sql<Keep & { kept: string }>`
    with recursive kept (name, reference) as (
      select reference, reference from keeps
      where repository_id = ${repositoryId} and (until_ms is null or until_ms > ${nowMs})
      union select m.digest, k.reference from kept k
      join manifest_references mr on mr.digest = k.name and mr.repository_id = ${repositoryId} and mr.kind = 'manifest'
      join manifests m on m.id = mr.manifest_id)
    select c.name as kept, k.reference, k.reason, k.until_ms as untilMs, k.actor, k.at_ms as atMs
    from kept c join keeps k on k.repository_id = ${repositoryId} and k.reference = c.reference`.execute(queries);
  return new Map(rows.map(({ kept, ...keep }) => [kept, keep]));
}

/** What holds of the manifests now, as `repository id digest`. */
export async function findKeptManifests(
  queries: Queries,
  manifests: readonly { readonly repositoryId: number; readonly digest: Digest }[],
  nowMs: number,
): Promise<ReadonlyMap<string, Keep>> {
  const pairs = JSON.stringify(manifests.map(({ repositoryId, digest }) => [repositoryId, digest]));
  const { rows } = await sql<Keep & { repositoryId: number }>`
    select k.repository_id as repositoryId, k.reference, k.reason, k.until_ms as untilMs, k.actor, k.at_ms as atMs
    from json_each(${pairs}) c join keeps k on k.repository_id = c.value ->> 0 and k.reference = c.value ->> 1
    where k.until_ms is null or k.until_ms > ${nowMs}`.execute(queries);
  return new Map(rows.map(({ repositoryId, ...keep }) => [`${repositoryId} ${keep.reference}`, keep]));
}
