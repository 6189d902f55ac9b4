import type { DigestAlgorithm, RepositoryName } from "../oci/index.ts";
import type { Queries } from "./database.ts";

/** An upload session between two requests. */
export interface UploadRecord {
  readonly id: string;
  readonly repository: RepositoryName;
  readonly algorithm: DigestAlgorithm;
  /** The storage driver's state as JSON. */
  readonly state: string;
  readonly startedAtMs: number;
  readonly updatedAtMs: number;
}

export async function insertUpload(queries: Queries, upload: UploadRecord): Promise<void> {
  await queries
    .insertInto("uploads")
    .values({
      id: upload.id,
      repository_name: upload.repository,
      algorithm: upload.algorithm,
      state: upload.state,
      started_at_ms: upload.startedAtMs,
      updated_at_ms: upload.updatedAtMs,
    })
    .execute();
}

export async function findUpload(queries: Queries, id: string): Promise<UploadRecord | undefined> {
  const row = await queries.selectFrom("uploads").selectAll().where("id", "=", id).executeTakeFirst();
  return row && toUpload(row);
}

/** @returns whether the session still exists */
export async function updateUpload(queries: Queries, id: string, state: string, nowMs: number): Promise<boolean> {
  const result = await queries
    .updateTable("uploads")
    .set({ state, updated_at_ms: nowMs })
    .where("id", "=", id)
    .executeTakeFirst();
  return result.numUpdatedRows > 0n;
}

/** @returns whether there was one */
export async function removeUpload(queries: Queries, id: string): Promise<boolean> {
  const result = await queries.deleteFrom("uploads").where("id", "=", id).executeTakeFirst();
  return result.numDeletedRows > 0n;
}

/** Sessions that nothing was written to since `beforeMs`, the oldest first. */
export async function listStaleUploads(
  queries: Queries,
  beforeMs: number,
  limit: number,
): Promise<readonly UploadRecord[]> {
  const rows = await queries
    .selectFrom("uploads")
    .selectAll()
    .where("updated_at_ms", "<", beforeMs)
    .orderBy("updated_at_ms")
    .limit(limit)
    .execute();
  return rows.map(toUpload);
}

interface UploadRow {
  readonly id: string;
  readonly repository_name: RepositoryName;
  readonly algorithm: DigestAlgorithm;
  readonly state: string;
  readonly started_at_ms: number;
  readonly updated_at_ms: number;
}

function toUpload(row: UploadRow): UploadRecord {
  return {
    id: row.id,
    repository: row.repository_name,
    algorithm: row.algorithm,
    state: row.state,
    startedAtMs: row.started_at_ms,
    updatedAtMs: row.updated_at_ms,
  };
}
