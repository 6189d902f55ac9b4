import type { Digest, ManifestMediaType, RepositoryName } from "../oci/index.ts";
import type { Queries } from "./database.ts";
import type { StoredBlob } from "./hot-reads.ts";

export interface BlobPage {
  /** A digest, exclusive; `""` starts at the first. */
  readonly after: string;
  readonly limit: number;
  /** Only those whose loss is on record. */
  readonly onlyLost?: boolean;
}

/** Blobs of all repositories and of none, but for those that are on their way out, in the order of their digests. */
export function listBlobs(queries: Queries, { after, limit, onlyLost = false }: BlobPage): Promise<StoredBlob[]> {
  const blobs = selectBlobs(queries)
    .where("digest", ">", after as Digest)
    .where("condemned_at_ms", "is", null);
  const wanted = onlyLost ? blobs.where("lost_reason", "is not", null) : blobs;
  return wanted.orderBy("digest").limit(limit).execute();
}

/** Whatever repository has it. */
export function findBlob(queries: Queries, digest: Digest): Promise<StoredBlob | undefined> {
  return selectBlobs(queries).where("digest", "=", digest).executeTakeFirst();
}

function selectBlobs(queries: Queries) {
  return queries
    .selectFrom("blobs")
    .select(["digest", "size_bytes as sizeBytes", "storage_key as storageKey", "lost_reason as lostReason"]);
}

/** A manifest with all that belongs to it. */
export interface StoredManifest {
  readonly id: number;
  readonly repositoryId: number;
  readonly repository: RepositoryName;
  readonly digest: Digest;
  readonly mediaType: ManifestMediaType;
  readonly sizeBytes: number;
  readonly body: Uint8Array;
}

/** Manifests of all repositories in the order of their ids, of which `afterId` is exclusive. Each may have 4 MiB. */
export function listManifests(queries: Queries, afterId: number, limit: number): Promise<StoredManifest[]> {
  return queries
    .selectFrom("manifests as m")
    .innerJoin("repositories as r", "r.id", "m.repository_id")
    .select([
      "m.id",
      "m.repository_id as repositoryId",
      "r.name as repository",
      "m.digest",
      "m.media_type as mediaType",
      "m.size_bytes as sizeBytes",
      "m.body",
    ])
    .where("m.id", ">", afterId)
    .orderBy("m.id")
    .limit(limit)
    .execute();
}
