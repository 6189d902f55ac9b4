import { type Insertable, sql } from "kysely";
import type { Digest, Manifest } from "../oci/index.ts";
import type { Queries } from "./database.ts";
import { nominateManifest } from "./garbage/candidates.ts";
import type { ManifestHead } from "./hot-reads.ts";
import { replaceReferences, putReferences } from "./manifest-references.ts";
import { missingDigests, presentAmong } from "./missing-digests.ts";
import { preparedQuery } from "./prepared-query.ts";
import type { Schema } from "./schema.ts";

export interface NewManifest {
  readonly repositoryId: number;
  readonly digest: Digest;
  readonly manifest: Manifest;
  readonly body: Uint8Array;
  readonly createdAtMs: number;
  /** The same transaction points a tag at it that keeps it by itself. */
  readonly isTagged?: boolean;
}

export interface PutManifest {
  readonly id: number;
  /** Whether there was none, or its bytes were lost. */
  readonly isNew: boolean;
}

/**
 * Records a manifest and what it names; keeps the first record if there is one, unless its bytes were lost. Clean-up gives it as much
 * time as a new one, as who pushes it may be about to push what names it; with a tag it has the time from when it loses that.
 */
export async function putManifest(queries: Queries, entry: NewManifest): Promise<PutManifest> {
  const [existing] = await selectCandidacy(queries, entry);
  if (existing) {
    const isNew = existing.sizeBytes === 0;
    if (isNew) await restoreManifest(queries, existing.id, entry);
    const { repositoryId, isTagged, createdAtMs: sinceMs } = entry;
    // An orphan would stay one, and go with the tag.
    if (!isTagged || existing.isOrphan === 1)
      await nominateManifest(queries, { repositoryId, manifestId: existing.id, sinceMs });
    return { id: existing.id, isNew };
  }
  const [row] = await insertManifest(queries, {
    repository_id: entry.repositoryId,
    digest: entry.digest,
    ...derivedColumns(entry.manifest),
    size_bytes: entry.body.byteLength,
    created_at_ms: entry.createdAtMs,
    body: entry.body,
  });
  if (!row) throw new Error(`the row of ${entry.digest} was not returned`);
  await putReferences(queries, { id: row.id, repositoryId: entry.repositoryId }, entry.manifest);
  return { id: row.id, isNew: true };
}

/** `isOrphan` is `null` where it is no candidate. */
const selectCandidacy = preparedQuery(
  (queries, { repositoryId, digest }: Pick<NewManifest, "repositoryId" | "digest">) =>
    queries
      .selectFrom("manifests as m")
      .leftJoin("garbage_candidates as c", (join) =>
        join
          .on("c.kind", "=", sql.lit("manifest"))
          .onRef("c.repository_id", "=", "m.repository_id")
          .onRef("c.target_id", "=", "m.id"),
      )
      .select(["m.id", "m.size_bytes as sizeBytes", "c.is_orphan as isOrphan"])
      .where("m.repository_id", "=", repositoryId)
      .where("m.digest", "=", digest),
);

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

/** What is in columns and follows from the manifest's bytes. */
export function derivedColumns(manifest: Manifest) {
  return {
    media_type: manifest.mediaType,
    artifact_type: manifest.artifactType ?? null,
    subject_digest: manifest.subject?.digest ?? null,
    annotations: manifest.subject && manifest.annotations ? JSON.stringify(manifest.annotations) : null,
  };
}

async function restoreManifest(
  queries: Queries,
  id: number,
  { repositoryId, manifest, body }: NewManifest,
): Promise<void> {
  const columns = { ...derivedColumns(manifest), size_bytes: body.byteLength, body };
  await queries.updateTable("manifests").set(columns).where("id", "=", id).execute();
  await replaceReferences(queries, { id, repositoryId }, manifest);
}

/**
 * Takes away bytes that were found damaged, so that they are served to nobody and the next push restores them.
 * @param damaged what the row held then; what took its place meanwhile stays
 */
export async function dropManifestBody(
  queries: Queries,
  damaged: { readonly id: number; readonly digest: Digest; readonly body: Uint8Array },
): Promise<void> {
  await queries
    .updateTable("manifests")
    .set({ size_bytes: 0, body: new Uint8Array() })
    .where("id", "=", damaged.id)
    .where("digest", "=", damaged.digest)
    .where("body", "=", damaged.body)
    .execute();
}

/** Whether the manifest's bytes were found damaged, and it was not pushed since. */
export function isManifestLost({ sizeBytes }: Pick<ManifestHead, "sizeBytes">): boolean {
  return sizeBytes === 0;
}

const selectManifest = preparedQuery((queries, { repositoryId, digest }: { repositoryId: number; digest: Digest }) =>
  queries
    .selectFrom("manifests")
    .select(["id", "size_bytes"])
    .where("repository_id", "=", repositoryId)
    .where("digest", "=", digest),
);

async function findManifest(queries: Queries, repositoryId: number, digest: Digest) {
  const [row] = await selectManifest(queries, { repositoryId, digest });
  return row;
}

export async function findManifestId(
  queries: Queries,
  repositoryId: number,
  digest: Digest,
): Promise<number | undefined> {
  return (await findManifest(queries, repositoryId, digest))?.id;
}

/** A manifest's type and size; `undefined`: it is not there. */
export async function findManifestFacts(
  queries: Queries,
  repositoryId: number,
  digest: Digest,
): Promise<Pick<ManifestHead, "mediaType" | "sizeBytes"> | undefined> {
  return queries
    .selectFrom("manifests")
    .select(["media_type as mediaType", "size_bytes as sizeBytes"])
    .where("repository_id", "=", repositoryId)
    .where("digest", "=", digest)
    .executeTakeFirst();
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
