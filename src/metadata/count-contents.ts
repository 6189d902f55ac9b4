import type { Queries } from "./database.ts";

/** How much there is of everything. */
export interface Contents {
  readonly repositories: number;
  readonly manifests: number;
  readonly tags: number;
  /** Different contents; one that several repositories have counts once. */
  readonly blobs: number;
  /** Of the blobs, each once. */
  readonly blobBytes: number;
}

/** Counts every row: for a command or a page now and then, not for each request. */
export async function countContents(queries: Queries): Promise<Contents> {
  const blobs = await queries
    .selectFrom("blobs")
    .select(({ fn }) => [
      fn.countAll<number | string>().as("blobs"),
      fn.sum<number | string | null>("size_bytes").as("bytes"),
    ])
    .executeTakeFirstOrThrow();
  return {
    repositories: await countRows(queries, "repositories"),
    manifests: await countRows(queries, "manifests"),
    tags: await countRows(queries, "tags"),
    blobs: Number(blobs.blobs),
    blobBytes: Number(blobs.bytes ?? 0),
  };
}

async function countRows(queries: Queries, table: "repositories" | "manifests" | "tags"): Promise<number> {
  const row = await queries
    .selectFrom(table)
    .select(({ fn }) => fn.countAll<number | string>().as("rows"))
    .executeTakeFirstOrThrow();
  return Number(row.rows);
}
