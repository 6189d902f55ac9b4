import type { Selectable } from "kysely";
import type { DigestAlgorithm, RepositoryName } from "../oci/index.ts";
import type { Queries } from "./database.ts";
import { preparedQuery } from "./prepared-query.ts";
import type { Schema } from "./schema.ts";

/** An upload session between two requests. */
export interface UploadRecord {
  readonly id: string;
  readonly repository: RepositoryName;
  readonly algorithm: DigestAlgorithm;
  /** The storage driver's state as JSON. */
  readonly state: string;
  readonly startedAtMs: number;
  readonly updatedAtMs: number;
  /** The account that did; `null` where nobody had to sign in. */
  readonly startedBy: string | null;
}

const insertRow = preparedQuery((queries, upload: UploadRecord) =>
  queries.insertInto("uploads").values({
    id: upload.id,
    repository_name: upload.repository,
    algorithm: upload.algorithm,
    state: upload.state,
    started_at_ms: upload.startedAtMs,
    updated_at_ms: upload.updatedAtMs,
    started_by: upload.startedBy,
  }),
);

export async function insertUpload(queries: Queries, upload: UploadRecord): Promise<void> {
  await insertRow(queries, upload);
}

const selectRow = preparedQuery((queries, { id }: { id: string }) =>
  queries.selectFrom("uploads").selectAll().where("id", "=", id),
);

export async function findUpload(queries: Queries, id: string): Promise<UploadRecord | undefined> {
  const [row] = await selectRow(queries, { id });
  return row && toUpload(row);
}

const updateRow = preparedQuery((queries, { id, state, nowMs }: { id: string; state: string; nowMs: number }) =>
  queries.updateTable("uploads").set({ state, updated_at_ms: nowMs }).where("id", "=", id).returning("id"),
);

/** @returns whether the session still exists */
export async function updateUpload(queries: Queries, id: string, state: string, nowMs: number): Promise<boolean> {
  return (await updateRow(queries, { id, state, nowMs })).length > 0;
}

const deleteRow = preparedQuery((queries, { id }: { id: string }) =>
  queries.deleteFrom("uploads").where("id", "=", id).returning("id"),
);

/** @returns whether there was one */
export async function removeUpload(queries: Queries, id: string): Promise<boolean> {
  return (await deleteRow(queries, { id })).length > 0;
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

function toUpload(row: Selectable<Schema["uploads"]>): UploadRecord {
  return {
    id: row.id,
    repository: row.repository_name,
    algorithm: row.algorithm,
    state: row.state,
    startedAtMs: row.started_at_ms,
    updatedAtMs: row.updated_at_ms,
    startedBy: row.started_by,
  };
}
