import { type Selectable, sql } from "kysely";
import type { Digest, RepositoryName } from "../../oci/index.ts";
import { stretchBelow } from "../access/namespace-names.ts";
import type { Queries } from "../database.ts";
import { preparedQuery } from "../prepared-query.ts";
import type { Schema } from "../schema.ts";

export type CandidateKind = Schema["garbage_candidates"]["kind"];

/** Something that may have lost the last that named it. */
export interface Candidate {
  readonly repositoryId: number;
  /** A blob's id, or a manifest's. */
  readonly targetId: number;
  /** Of a manifest: the index that it belonged to, or its subject, was deleted. */
  readonly isOrphan: boolean;
  readonly sinceMs: number;
  /** Since when it is one in truth, if it was postponed. */
  readonly untaggedSinceMs: number | null;
}

export interface DueCandidates {
  readonly kind: CandidateKind;
  /** Inclusive. */
  readonly untilMs: number;
  readonly limit: number;
}

/** Takes the candidates that have waited longest from the list, to be judged in the same transaction. */
export async function takeCandidates(queries: Queries, due: DueCandidates): Promise<readonly Candidate[]> {
  const { kind, untilMs, limit } = due;
  const { rows } = await sql<Selectable<Schema["garbage_candidates"]>>`
    delete from garbage_candidates where id in (
      select id from garbage_candidates where kind = ${kind} and since_ms <= ${untilMs} order by since_ms limit ${limit})
    returning repository_id, target_id, is_orphan, since_ms, untagged_since_ms`.execute(queries);
  return rows.map((row) => ({
    repositoryId: row.repository_id,
    targetId: row.target_id,
    isOrphan: row.is_orphan === 1,
    sinceMs: row.since_ms,
    untaggedSinceMs: row.untagged_since_ms,
  }));
}

/** Puts manifests that were taken back on the list, to be judged as if they were candidates since `sinceMs`. */
export async function postponeManifests(queries: Queries, postponed: readonly Candidate[]): Promise<void> {
  for (const { repositoryId, targetId, isOrphan, sinceMs, untaggedSinceMs } of postponed)
    await queries
      .insertInto("garbage_candidates")
      .values({
        kind: "manifest",
        repository_id: repositoryId,
        target_id: targetId,
        is_orphan: isOrphan ? 1 : 0,
        since_ms: sinceMs,
        untagged_since_ms: untaggedSinceMs,
      })
      // Meanwhile it may have become one in another way.
      .onConflict((conflict) => conflict.doNothing())
      .execute();
}

export interface ManifestNomination {
  readonly repositoryId: number;
  readonly manifestId: number;
  readonly sinceMs: number;
}

const upsertManifest = preparedQuery((queries, { repositoryId, manifestId, sinceMs }: ManifestNomination) =>
  queries
    .insertInto("garbage_candidates")
    .values({ kind: "manifest", repository_id: repositoryId, target_id: manifestId, is_orphan: 0, since_ms: sinceMs })
    .onConflict((conflict) =>
      conflict
        .columns(["kind", "repository_id", "target_id"])
        .doUpdateSet({ is_orphan: 0, since_ms: sql<number>`max(since_ms, excluded.since_ms)` }),
    ),
);

/** For a manifest that was there when it came again: it is judged like one that is new since then. */
export async function nominateManifest(queries: Queries, nomination: ManifestNomination): Promise<void> {
  await upsertManifest(queries, nomination);
}

export interface WaitingLink {
  readonly repository: RepositoryName;
  readonly digest: Digest;
  /** Not if it has waited for less. */
  readonly beforeMs: number;
  readonly nowMs: number;
}

/** Lets a blob of a repository that waits to be judged wait anew. */
export async function renewWait(queries: Queries, { repository, digest, beforeMs, nowMs }: WaitingLink): Promise<void> {
  await queries
    .updateTable("garbage_candidates")
    .set({ since_ms: nowMs })
    .where("kind", "=", "link")
    .where("repository_id", "=", (one) => one.selectFrom("repositories").select("id").where("name", "=", repository))
    .where("target_id", "=", (one) => one.selectFrom("blobs").select("id").where("digest", "=", digest))
    .where("since_ms", "<", beforeMs)
    .execute();
}

/** Runs `remove`, and dates the candidates that it brings about back to `sinceMs`, so that they do not wait for another window. */
export async function withoutNewWait<T>(queries: Queries, sinceMs: number, remove: () => Promise<T>): Promise<T> {
  const { last } = await queries
    .selectFrom("garbage_candidates")
    .select(({ fn }) => fn.max("id").as("last"))
    .executeTakeFirstOrThrow();
  const result = await remove();
  await queries
    .updateTable("garbage_candidates")
    .set({ since_ms: sinceMs })
    .where("id", ">", last ?? 0)
    .execute();
  return result;
}

/**
 * Makes candidates of all manifests without a tag at a node and below it, waiting since the time `sinceMs`. Those that were postponed
 * wait again since they lost their tag.
 */
export async function nominateUntagged(
  queries: Queries,
  { node, sinceMs }: { readonly node: string; readonly sinceMs: number },
): Promise<void> {
  const { after, before } = stretchBelow(node);
  const repositories = sql`select id from repositories where name = ${node} or (name > ${after} and name < ${before})`;
  await sql`
    update garbage_candidates set since_ms = untagged_since_ms
    where untagged_since_ms is not null and repository_id in (${repositories})`.execute(queries);
  await sql`
    insert into garbage_candidates (kind, repository_id, target_id, is_orphan, since_ms)
    select 'manifest', m.repository_id, m.id, 0, ${sinceMs} from manifests m
    where m.repository_id in (${repositories}) and not exists (select 1 from tags t where t.manifest_id = m.id)
    on conflict (kind, repository_id, target_id) do nothing`.execute(queries);
}

/** Every blob of a repository that none of its manifests names. */
export async function nominateUnnamedLinks(queries: Queries, repositoryId: number, nowMs: number): Promise<void> {
  await sql`
    insert into garbage_candidates (kind, repository_id, target_id, is_orphan, since_ms)
    select 'link', rb.repository_id, rb.blob_id, 0, ${nowMs} from repository_blobs rb
    join blobs b on b.id = rb.blob_id
    where rb.repository_id = ${repositoryId} and not exists (
      select 1 from manifest_references r where r.digest = b.digest and r.repository_id = rb.repository_id)
    on conflict (kind, repository_id, target_id) do nothing`.execute(queries);
}

/** Takes blobs from the list that need not be judged any more. */
export async function removeBlobCandidates(queries: Queries, ids: readonly number[]): Promise<void> {
  await sql`
    delete from garbage_candidates where kind = 'blob' and repository_id = 0
      and target_id in (select value from json_each(${JSON.stringify(ids)}))`.execute(queries);
}

/** How many have waited long enough, inclusive of `untilMs`. */
export async function countDueCandidates(queries: Queries, untilMs: number): Promise<number> {
  const { rows } = await queries
    .selectFrom("garbage_candidates")
    .select(({ fn }) => fn.countAll<number | string>().as("rows"))
    .where("kind", "in", ["link", "blob", "manifest"])
    .where("since_ms", "<=", untilMs)
    .executeTakeFirstOrThrow();
  return Number(rows);
}

/** How much waits to be judged, or for its bytes to go. */
export interface GarbageBacklog {
  readonly links: number;
  readonly blobs: number;
  readonly manifests: number;
  readonly condemnedBlobs: number;
  readonly condemnedBytes: number;
}

export async function countBacklog(queries: Queries): Promise<GarbageBacklog> {
  const kinds = await queries
    .selectFrom("garbage_candidates")
    .select(({ fn }) => ["kind", fn.countAll<number | string>().as("rows")])
    .groupBy("kind")
    .execute();
  const count = (kind: CandidateKind) => Number(kinds.find((row) => row.kind === kind)?.rows ?? 0);
  const condemned = await queries
    .selectFrom("blobs")
    .select(({ fn }) => [
      fn.countAll<number | string>().as("rows"),
      fn.sum<number | string | null>("size_bytes").as("bytes"),
    ])
    .where("condemned_at_ms", "is not", null)
    .executeTakeFirstOrThrow();
  return {
    links: count("link"),
    blobs: count("blob"),
    manifests: count("manifest"),
    condemnedBlobs: Number(condemned.rows),
    condemnedBytes: Number(condemned.bytes ?? 0),
  };
}
