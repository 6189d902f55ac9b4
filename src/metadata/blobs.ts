import type { Digest, RepositoryName } from "../oci/index.ts";
import type { Queries } from "./database.ts";
import type { StoredBlob } from "./hot-reads.ts";
import { missingDigests, presentAmong } from "./missing-digests.ts";
import { preparedQuery } from "./prepared-query.ts";

export interface NewBlob extends Omit<StoredBlob, "lostReason"> {
  readonly createdAtMs: number;
  /** The bytes were hashed just now: what is on record of their size and their loss is over. */
  readonly isVerified?: boolean;
}

const upsertBlob = preparedQuery((queries, blob: NewBlob) =>
  insertBlob(queries, blob)
    .onConflict((conflict) =>
      conflict.column("digest").doUpdateSet((row) => ({ storage_key: row.ref("excluded.storage_key") })),
    )
    .returning("id"),
);

const upsertVerifiedBlob = preparedQuery((queries, blob: NewBlob) =>
  insertBlob(queries, blob)
    .onConflict((conflict) =>
      conflict.column("digest").doUpdateSet((row) => ({
        storage_key: row.ref("excluded.storage_key"),
        size_bytes: row.ref("excluded.size_bytes"),
        lost_reason: null,
        lost_at_ms: null,
      })),
    )
    .returning("id"),
);

function insertBlob(queries: Queries, blob: NewBlob) {
  return queries.insertInto("blobs").values({
    digest: blob.digest,
    size_bytes: blob.sizeBytes,
    storage_key: blob.storageKey,
    created_at_ms: blob.createdAtMs,
  });
}

/** Records content that storage holds, or where it holds content that is known already. Returns its id. */
export async function putBlob(queries: Queries, blob: NewBlob): Promise<number> {
  const [row] = await (blob.isVerified ? upsertVerifiedBlob : upsertBlob)(queries, blob);
  if (row) return row.id;
  throw new Error(`the row of ${blob.digest} was not returned`);
}

interface Link {
  readonly repositoryId: number;
  readonly blobId: number;
  readonly nowMs: number;
}

const upsertLink = preparedQuery((queries, link: Link) =>
  insertLink(queries, link).onConflict((conflict) =>
    conflict.columns(["repository_id", "blob_id"]).doUpdateSet({ linked_at_ms: link.nowMs }),
  ),
);

const ensureLink = preparedQuery((queries, link: Link) =>
  insertLink(queries, link).onConflict((conflict) => conflict.doNothing()),
);

function insertLink(queries: Queries, { repositoryId, blobId, nowMs }: Link) {
  return queries
    .insertInto("repository_blobs")
    .values({ repository_id: repositoryId, blob_id: blobId, linked_at_ms: nowMs });
}

/** Gives the blob to the repository; one that it has is kept by it for as long as a new one. */
export async function linkBlob(queries: Queries, repositoryId: number, blobId: number, nowMs: number): Promise<void> {
  await upsertLink(queries, { repositoryId, blobId, nowMs });
}

/** Gives the blob to the repository, and changes nothing if it has it. */
export async function ensureBlobLink(
  queries: Queries,
  repositoryId: number,
  blobId: number,
  nowMs: number,
): Promise<void> {
  await ensureLink(queries, { repositoryId, blobId, nowMs });
}

const selectId = preparedQuery((queries, { digest }: { digest: Digest }) =>
  queries.selectFrom("blobs").select("id").where("digest", "=", digest),
);

/** Whatever repository has it. */
export async function findBlobId(queries: Queries, digest: Digest): Promise<number | undefined> {
  const [row] = await selectId(queries, { digest });
  return row?.id;
}

const selectWholeId = preparedQuery((queries, { repository, digest }: { repository: RepositoryName; digest: Digest }) =>
  queries
    .selectFrom("repositories as r")
    .innerJoin("repository_blobs as rb", "rb.repository_id", "r.id")
    .innerJoin("blobs as b", "b.id", "rb.blob_id")
    .select("b.id")
    .where("r.name", "=", repository)
    .where("b.digest", "=", digest)
    .where("b.lost_reason", "is", null),
);

/** Of a blob that this repository has, and whose bytes are not known to be lost. */
export async function findWholeBlobId(
  queries: Queries,
  repository: RepositoryName,
  digest: Digest,
): Promise<number | undefined> {
  const [row] = await selectWholeId(queries, { repository, digest });
  return row?.id;
}

/** Some of the repositories that have the blob, in the order of their names. */
export async function listRepositoriesOfBlob(
  queries: Queries,
  digest: Digest,
  limit: number,
): Promise<readonly RepositoryName[]> {
  const rows = await queries
    .selectFrom("blobs as b")
    .innerJoin("repository_blobs as rb", "rb.blob_id", "b.id")
    .innerJoin("repositories as r", "r.id", "rb.repository_id")
    .select("r.name")
    .where("b.digest", "=", digest)
    .orderBy("r.name")
    .limit(limit)
    .execute();
  return rows.map((row) => row.name);
}

/** @returns whether the repository had it */
export async function unlinkBlob(queries: Queries, repositoryId: number, digest: Digest): Promise<boolean> {
  const result = await queries
    .deleteFrom("repository_blobs")
    .where("repository_id", "=", repositoryId)
    .where("blob_id", "=", (query) => query.selectFrom("blobs").select("id").where("digest", "=", digest))
    .executeTakeFirst();
  return result.numDeletedRows > 0n;
}

/** Which of the digests the repository does not have, or has lost the bytes of, in the order given. */
export function findMissingBlobs(
  queries: Queries,
  repositoryId: number,
  digests: readonly Digest[],
): Promise<readonly Digest[]> {
  return missingDigests(digests, (some) => findWhole(queries, repositoryId, some));
}

/** Which of the digests the repository does not have, whatever became of the bytes, in the order given. */
export function findUnlinkedBlobs(
  queries: Queries,
  repositoryId: number,
  digests: readonly Digest[],
): Promise<readonly Digest[]> {
  return missingDigests(digests, (some) => findLinked(queries, repositoryId, some));
}

const findLinked = presentAmong(linkedAmong);
const findWhole = presentAmong((...asked) => linkedAmong(...asked).where("b.lost_reason", "is", null));

function linkedAmong(queries: Queries, repositoryId: number, digests: readonly Digest[]) {
  return queries
    .selectFrom("blobs as b")
    .innerJoin("repository_blobs as rb", "rb.blob_id", "b.id")
    .select("b.digest")
    .where("rb.repository_id", "=", repositoryId)
    .where("b.digest", "in", digests);
}
