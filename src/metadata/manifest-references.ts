import type { Insertable } from "kysely";
import type { Manifest } from "../oci/index.ts";
import type { Queries } from "./database.ts";
import { inGroups, preparedByCount, preparedQuery } from "./prepared-query.ts";
import type { Schema } from "./schema.ts";

type Reference = Insertable<Schema["manifest_references"]>;

/** A manifest's row. */
export interface ManifestRow {
  readonly id: number;
  readonly repositoryId: number;
}

/** Records what a manifest names, for one of which nothing is on record. */
export async function putReferences(queries: Queries, row: ManifestRow, manifest: Manifest): Promise<void> {
  const rows = referenceRows(row, manifest).map(valuesOf);
  for (const some of inGroups(rows, 100)) await insertReferences(some.length)(queries, some.flat());
}

export async function replaceReferences(queries: Queries, row: ManifestRow, manifest: Manifest): Promise<void> {
  await queries.deleteFrom("manifest_references").where("manifest_id", "=", row.id).execute();
  await putReferences(queries, row, manifest);
}

export function referenceRows({ id, repositoryId }: ManifestRow, manifest: Manifest) {
  const named = [
    ...manifest.blobs.map((descriptor) => ({ kind: "blob" as const, descriptor })),
    ...manifest.manifests.map((descriptor) => ({ kind: "manifest" as const, descriptor })),
  ];
  return named.map(({ kind, descriptor }, position) => ({
    manifest_id: id,
    repository_id: repositoryId,
    position,
    kind,
    digest: descriptor.digest,
    media_type: descriptor.mediaType,
    size_bytes: descriptor.sizeBytes,
  }));
}

type ReferenceValues = readonly [
  manifestId: number,
  repositoryId: number,
  position: number,
  kind: Reference["kind"],
  digest: Reference["digest"],
  mediaType: string,
  sizeBytes: number,
];
const REFERENCE_COLUMNS = 7;

function valuesOf(row: Reference): ReferenceValues {
  return [row.manifest_id, row.repository_id, row.position, row.kind, row.digest, row.media_type, row.size_bytes];
}

/** Takes the values of all rows one after another. */
const insertReferences = preparedByCount((count: number) =>
  preparedQuery((queries, values: readonly ReferenceValues[number][]) =>
    queries
      .insertInto("manifest_references")
      .values(Array.from({ length: count }, (_, row) => referenceAt(values, row * REFERENCE_COLUMNS))),
  ),
);

function referenceAt(values: readonly unknown[], start: number): Reference {
  // One by one, as there is nothing but positions while the query is compiled.
  const row = Array.from({ length: REFERENCE_COLUMNS }, (_, column) => values[start + column]);
  const [manifest_id, repository_id, position, kind, digest, media_type, size_bytes] =
    row as unknown as ReferenceValues;
  return { manifest_id, repository_id, position, kind, digest, media_type, size_bytes };
}
