import { sql } from "kysely";
import type { Digest, ManifestMediaType, RepositoryName, Tag } from "../../oci/index.ts";
import type { ActOrigin } from "../audit/record-act.ts";
import type { Queries } from "../database.ts";

/** Something that was deleted and can be had back. */
export interface BinEntry {
  readonly id: number;
  readonly repositoryId: number;
  readonly repository: RepositoryName;
  readonly kind: "manifest" | "tag";
  /** Of the manifest, or of what the tag pointed at. */
  readonly digest: Digest;
  readonly mediaType: ManifestMediaType;
  readonly sizeBytes: number;
  readonly deletedAtMs: number;
  readonly expiresAtMs: number;
  readonly actor: string | null;
  readonly address: string | null;
}

/** When something goes into the bin, until when, and by whom. */
export interface BinDeletion {
  readonly nowMs: number;
  readonly expiresAtMs: number;
  readonly by: Pick<ActOrigin, "actor" | "address">;
}

/**
 * Puts a manifest into the bin with its tags and what it keeps; to be called before it is removed.
 * @returns the entry's number; `undefined`: there are no bytes of it to keep
 */
export async function putManifestIntoBin(
  queries: Queries,
  manifestId: number,
  deletion: BinDeletion,
): Promise<number | undefined> {
  const id = await insertEntry(queries, { kind: "manifest", manifestId }, deletion);
  if (id === undefined) return undefined;
  await sql`
    insert into bin_tags (entry_id, name)
    select ${id}, t.name from tags t where t.manifest_id = ${manifestId}`.execute(queries);
  await sql`
    insert into bin_references (entry_id, repository_id, kind, digest, is_linked)
    select distinct ${id}, r.repository_id, r.kind, r.digest, exists (
      select 1 from blobs b join repository_blobs rb on rb.blob_id = b.id
      where b.digest = r.digest and rb.repository_id = r.repository_id)
    from manifest_references r where r.manifest_id = ${manifestId}`.execute(queries);
  return id;
}

/** Puts a tag into the bin, which keeps the manifest that it points at; to be called before it is removed. */
export async function putTagIntoBin(
  queries: Queries,
  { manifestId, tag }: { readonly manifestId: number; readonly tag: Tag },
  deletion: BinDeletion,
): Promise<number | undefined> {
  const id = await insertEntry(queries, { kind: "tag", manifestId }, deletion);
  if (id === undefined) return undefined;
  await queries.insertInto("bin_tags").values({ entry_id: id, name: tag }).execute();
  await sql`
    insert into bin_references (entry_id, repository_id, kind, digest, is_linked)
    select ${id}, repository_id, 'tagged', digest, 0 from manifests where id = ${manifestId}`.execute(queries);
  return id;
}

async function insertEntry(
  queries: Queries,
  { kind, manifestId }: Pick<BinEntry, "kind"> & { readonly manifestId: number },
  { nowMs, expiresAtMs, by }: BinDeletion,
): Promise<number | undefined> {
  const { rows } = await sql<{ id: number }>`
    insert into bin_entries
      (repository_id, kind, digest, media_type, size_bytes, deleted_at_ms, expires_at_ms, actor, address, body)
    select repository_id, ${kind}, digest, media_type, size_bytes, ${nowMs}, ${expiresAtMs},
      ${by.actor ?? null}, ${by.address ?? null}, case when ${kind} = 'manifest' then body end
    from manifests where id = ${manifestId} and (${kind} = 'tag' or size_bytes > 0)
    returning id`.execute(queries);
  return rows[0]?.id;
}

function entries(queries: Queries) {
  return queries
    .selectFrom("bin_entries as e")
    .innerJoin("repositories as r", "r.id", "e.repository_id")
    .select([
      "e.id",
      "e.repository_id as repositoryId",
      "r.name as repository",
      "e.kind",
      "e.digest",
      "e.media_type as mediaType",
      "e.size_bytes as sizeBytes",
      "e.deleted_at_ms as deletedAtMs",
      "e.expires_at_ms as expiresAtMs",
      "e.actor",
      "e.address",
    ]);
}

export async function findBinEntry(queries: Queries, id: number): Promise<BinEntry | undefined> {
  return entries(queries).where("e.id", "=", id).executeTakeFirst();
}

/** The bytes of an entry that is a manifest. */
export async function findBinBody(queries: Queries, id: number): Promise<Uint8Array | undefined> {
  const row = await queries.selectFrom("bin_entries").select("body").where("id", "=", id).executeTakeFirst();
  return row?.body ?? undefined;
}

export interface BinPage {
  /** Absent: of all. */
  readonly repository?: RepositoryName | undefined;
  readonly beforeId?: number | undefined;
  readonly limit: number;
}

/** What is in the bin, the newest first. */
export async function listBinEntries(
  queries: Queries,
  { repository, beforeId, limit }: BinPage,
): Promise<readonly BinEntry[]> {
  return entries(queries)
    .$if(repository !== undefined, (all) => all.where("r.name", "=", repository as RepositoryName))
    .$if(beforeId !== undefined, (all) => all.where("e.id", "<", beforeId ?? 0))
    .orderBy("e.id", "desc")
    .limit(limit)
    .execute();
}

/** The first tags that come back with an entry, in byte order. */
export async function listBinTags(queries: Queries, id: number, limit: number): Promise<readonly Tag[]> {
  const rows = await queries
    .selectFrom("bin_tags")
    .select("name")
    .where("entry_id", "=", id)
    .orderBy("name")
    .limit(limit)
    .execute();
  return rows.map(({ name }) => name);
}

/** Whose time in the bin was over then, inclusive; those first whose time was over first. */
export async function listExpiredBinEntries(
  queries: Queries,
  untilMs: number,
  limit: number,
): Promise<readonly BinEntry[]> {
  return entries(queries).where("e.expires_at_ms", "<=", untilMs).orderBy("e.expires_at_ms").limit(limit).execute();
}

/** Gives all entries more time. */
export async function prolongBin(queries: Queries, byMs: number): Promise<void> {
  await sql`update bin_entries set expires_at_ms = expires_at_ms + ${byMs}`.execute(queries);
}

/** What they kept is looked at by clean-up. */
export async function removeBinEntries(queries: Queries, ids: readonly number[]): Promise<void> {
  await sql`delete from bin_entries where id in (select value from json_each(${JSON.stringify(ids)}))`.execute(queries);
}

/** The entry that a manifest came into the bin with last. */
export async function findBinnedManifest(
  queries: Queries,
  repositoryId: number,
  digest: Digest,
): Promise<number | undefined> {
  const row = await queries
    .selectFrom("bin_entries")
    .select("id")
    .where("repository_id", "=", repositoryId)
    .where("digest", "=", digest)
    .where("kind", "=", "manifest")
    .orderBy("id", "desc")
    .executeTakeFirst();
  return row?.id;
}

/** Gives the repository back what it had of the blobs of an entry, as far as they are there. */
export async function relinkBinnedBlobs(queries: Queries, id: number, nowMs: number): Promise<void> {
  await sql`
    insert into repository_blobs (repository_id, blob_id, linked_at_ms)
    select br.repository_id, b.id, ${nowMs} from bin_references br join blobs b on b.digest = br.digest
    where br.entry_id = ${id} and br.is_linked = 1
    on conflict (repository_id, blob_id) do nothing`.execute(queries);
}

export async function countBinEntries(queries: Queries): Promise<number> {
  const { entries } = await queries
    .selectFrom("bin_entries")
    .select(({ fn }) => fn.countAll<number>().as("entries"))
    .executeTakeFirstOrThrow();
  return entries;
}
