import type { Manifest } from "../oci/index.ts";
import type { StoredManifest } from "./content-pages.ts";
import type { Queries } from "./database.ts";
import { type ManifestRow, referenceRows, replaceReferences } from "./manifest-references.ts";
import { derivedColumns } from "./manifests.ts";

export interface ManifestIndexChanges {
  /** A column that follows from the bytes was wrong. */
  readonly columns: boolean;
  /** What it names was not what the rows said. */
  readonly references: boolean;
}

/**
 * Makes what is derived from a manifest's bytes what they say.
 * @param manifest what was read of `stored.body`, whose digest was verified
 * @returns what was wrong; nothing where another manifest has the number by now
 */
export async function repairManifestIndex(
  queries: Queries,
  { id, repositoryId, digest, body }: Pick<StoredManifest, "id" | "repositoryId" | "digest" | "body">,
  manifest: Manifest,
): Promise<ManifestIndexChanges> {
  const columns = { ...derivedColumns(manifest), size_bytes: body.byteLength };
  const names = Object.keys(columns) as (keyof typeof columns)[];
  const found = await queries
    .selectFrom("manifests")
    .select(names)
    .where("id", "=", id)
    .where("repository_id", "=", repositoryId)
    .where("digest", "=", digest)
    .executeTakeFirst();
  if (!found) return { columns: false, references: false };
  const changes = {
    columns: names.some((name) => found[name] !== columns[name]),
    references: await hasOtherReferences(queries, { id, repositoryId }, manifest),
  };
  if (changes.columns) await queries.updateTable("manifests").set(columns).where("id", "=", id).execute();
  if (changes.references) await replaceReferences(queries, { id, repositoryId }, manifest);
  return changes;
}

async function hasOtherReferences(queries: Queries, row: ManifestRow, manifest: Manifest): Promise<boolean> {
  const found = await queries
    .selectFrom("manifest_references")
    .select(["manifest_id", "repository_id", "position", "kind", "digest", "media_type", "size_bytes"])
    .where("manifest_id", "=", row.id)
    .orderBy("position")
    .execute();
  return !Bun.deepEquals(found, referenceRows(row, manifest));
}
