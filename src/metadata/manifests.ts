import type { Insertable } from "kysely";
import type { Digest, Manifest, RepositoryName } from "../oci/index.ts";
import type { Queries } from "./database.ts";
import { inGroups, missingDigests, presentAmong } from "./missing-digests.ts";
import { preparedByCount, preparedQuery } from "./prepared-query.ts";
import type { Schema } from "./schema.ts";

export interface NewManifest {
  readonly repositoryId: number;
  readonly digest: Digest;
  readonly manifest: Manifest;
  readonly body: Uint8Array;
  readonly createdAtMs: number;
}

/** Records a manifest and what it names; keeps the first record if there is one. Returns its id. */
export async function putManifest(queries: Queries, entry: NewManifest): Promise<number> {
  const existing = await findManifestId(queries, entry.repositoryId, entry.digest);
  if (existing !== undefined) return existing;
  const { manifest } = entry;
  const [row] = await insertManifest(queries, {
    repository_id: entry.repositoryId,
    digest: entry.digest,
    media_type: manifest.mediaType,
    artifact_type: manifest.artifactType ?? null,
    subject_digest: manifest.subject?.digest ?? null,
    annotations: manifest.subject && manifest.annotations ? JSON.stringify(manifest.annotations) : null,
    size_bytes: entry.body.byteLength,
    created_at_ms: entry.createdAtMs,
    body: entry.body,
  });
  if (!row) throw new Error(`the row of ${entry.digest} was not returned`);
  await putReferences(queries, row.id, manifest);
  return row.id;
}

const insertManifest = preparedQuery((queries, row: Insertable<Schema["manifests"]>) =>
  queries
    .insertInto("manifests")
    .values({
      repository_id: row.repository_id,
      digest: row.digest,
      media_type: row.media_type,
      artifact_type: row.artifact_type,
      subject_digest: row.subject_digest,
      annotations: row.annotations,
      size_bytes: row.size_bytes,
      created_at_ms: row.created_at_ms,
      body: row.body,
    })
    .returning("id"),
);

async function putReferences(queries: Queries, manifestId: number, manifest: Manifest): Promise<void> {
  const named = [
    ...manifest.blobs.map((descriptor) => ({ kind: "blob" as const, descriptor })),
    ...manifest.manifests.map((descriptor) => ({ kind: "manifest" as const, descriptor })),
  ];
  const rows = named.map(({ kind, descriptor: { digest, mediaType, sizeBytes } }, position): ReferenceValues => {
    return [manifestId, position, kind, digest, mediaType, sizeBytes];
  });
  for (const some of inGroups(rows, 100)) await insertReferences(some.length)(queries, some.flat());
}

type Reference = Insertable<Schema["manifest_references"]>;
type ReferenceValues = readonly [
  manifestId: number,
  position: number,
  kind: Reference["kind"],
  digest: Digest,
  mediaType: string,
  sizeBytes: number,
];
const REFERENCE_COLUMNS = 6;

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
  const [manifest_id, position, kind, digest, media_type, size_bytes] = row as unknown as ReferenceValues;
  return { manifest_id, position, kind, digest, media_type, size_bytes };
}

const selectId = preparedQuery((queries, { repositoryId, digest }: { repositoryId: number; digest: Digest }) =>
  queries.selectFrom("manifests").select("id").where("repository_id", "=", repositoryId).where("digest", "=", digest),
);

export async function findManifestId(
  queries: Queries,
  repositoryId: number,
  digest: Digest,
): Promise<number | undefined> {
  const [row] = await selectId(queries, { repositoryId, digest });
  return row?.id;
}

/** Removes the manifest and every tag that points at it. @returns whether there was one */
export async function removeManifest(queries: Queries, repositoryId: number, digest: Digest): Promise<boolean> {
  const result = await queries
    .deleteFrom("manifests")
    .where("repository_id", "=", repositoryId)
    .where("digest", "=", digest)
    .executeTakeFirst();
  return result.numDeletedRows > 0n;
}

/** Which of the digests the repository has no manifest for, in the order given. */
export function findMissingManifests(
  queries: Queries,
  repositoryId: number,
  digests: readonly Digest[],
): Promise<readonly Digest[]> {
  return missingDigests(digests, (some) => findPresent(queries, repositoryId, some));
}

const findPresent = presentAmong((queries, repositoryId, digests) =>
  queries
    .selectFrom("manifests")
    .select("digest")
    .where("repository_id", "=", repositoryId)
    .where("digest", "in", digests),
);

export interface Referrer {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly sizeBytes: number;
  readonly artifactType: string | null;
  /** JSON, as the manifest has them. */
  readonly annotations: string | null;
}

export interface ReferrerQuery {
  readonly repository: RepositoryName;
  readonly subject: Digest;
  readonly artifactType?: string | undefined;
  /** Exclusive; `""` starts at the first. */
  readonly after: string;
  readonly limit: number;
}

/** The manifests that name `subject`, in the order of their digests. The subject itself need not exist. */
export async function listReferrers(queries: Queries, query: ReferrerQuery): Promise<readonly Referrer[]> {
  let select = queries
    .selectFrom("repositories as r")
    .innerJoin("manifests as m", "m.repository_id", "r.id")
    .select([
      "m.media_type as mediaType",
      "m.digest",
      "m.size_bytes as sizeBytes",
      "m.artifact_type as artifactType",
      "m.annotations",
    ])
    .where("r.name", "=", query.repository)
    .where("m.subject_digest", "=", query.subject)
    .where("m.digest", ">", query.after as Digest);
  if (query.artifactType !== undefined) select = select.where("m.artifact_type", "=", query.artifactType);
  return select.orderBy("m.digest").limit(query.limit).execute();
}
