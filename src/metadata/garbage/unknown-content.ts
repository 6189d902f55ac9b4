import { sql } from "kysely";
import type { Digest } from "../../oci/index.ts";
import { type NewBlob, putBlob } from "../blobs.ts";
import type { Queries } from "../database.ts";

/** What lies in storage. */
export interface LyingContent {
  readonly digest: Digest;
  readonly storageKey: string;
}

/** Those of which the database knows nothing: no blob has its bytes there, and no manifest is or is described by them. */
export async function listUnknownContent(
  queries: Queries,
  lying: readonly LyingContent[],
): Promise<ReadonlySet<Digest>> {
  const asked = JSON.stringify(lying.map(({ digest, storageKey }) => [digest, storageKey]));
  const { rows } = await sql<{ digest: Digest }>`
    select value ->> 0 as digest from json_each(${asked})
    where not exists (select 1 from blobs b where b.digest = value ->> 0)
      and not exists (select 1 from blobs b where b.storage_key = value ->> 1 and b.digest not like 'sha256:%')
      and not exists (select 1 from described_manifests d where d.digest = value ->> 0)`.execute(queries);
  const unknown = rows.map(({ digest }) => digest);
  if (unknown.length === 0) return new Set();
  // In one go, as there is no index of digests over all repositories.
  const { rows: manifests } = await sql<{ digest: Digest }>`
    select distinct digest from manifests
    where digest in (select value from json_each(${JSON.stringify(unknown)}))`.execute(queries);
  const known = new Set(manifests.map(({ digest }) => digest));
  return new Set(unknown.filter((digest) => !known.has(digest)));
}

/** Whether an import left something out, which may want what seems to be unknown. */
export async function isPartlyImported(queries: Queries): Promise<boolean> {
  const { rows } = await sql`select 1 from repositories where is_partly_imported = 1 limit 1`.execute(queries);
  return rows.length > 0;
}

/** Enters what lies in storage as a blob that no repository has, to be judged by clean-up. */
export async function enterUnneededBlob(queries: Queries, blob: NewBlob): Promise<void> {
  const id = await putBlob(queries, blob);
  await queries
    .insertInto("garbage_candidates")
    .values({ kind: "blob", repository_id: 0, target_id: id, is_orphan: 0, since_ms: blob.createdAtMs })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}
