import type { Digest, ManifestMediaType, Tag } from "../oci/index.ts";
import type { Queries } from "./database.ts";
import type { StoredBlob } from "./hot-reads.ts";
import type { NamePage } from "./page.ts";

/** A tag with what it points at. */
export interface TaggedManifest {
  readonly tag: Tag;
  readonly digest: Digest;
  readonly mediaType: ManifestMediaType;
  /** 0 if the manifest's bytes were found damaged. */
  readonly sizeBytes: number;
  readonly movedAtMs: number;
}

/** A repository's tags in byte order. */
export function listTaggedManifests(queries: Queries, repositoryId: number, page: NamePage): Promise<TaggedManifest[]> {
  return queries
    .selectFrom("tags as t")
    .innerJoin("manifests as m", "m.id", "t.manifest_id")
    .select([
      "t.name as tag",
      "m.digest",
      "m.media_type as mediaType",
      "m.size_bytes as sizeBytes",
      "t.updated_at_ms as movedAtMs",
    ])
    .where("t.repository_id", "=", repositoryId)
    .where("t.name", ">", page.after as Tag)
    .orderBy("t.name")
    .limit(page.limit)
    .execute();
}

/** A manifest of one repository, whole. */
export interface RepositoryManifest {
  readonly digest: Digest;
  readonly mediaType: ManifestMediaType;
  /** 0 if the bytes were found damaged. */
  readonly sizeBytes: number;
  readonly body: Uint8Array;
}

/** A repository's manifests, tagged or not, in the order of their digests. Each may have 4 MiB. */
export function listRepositoryManifests(
  queries: Queries,
  repositoryId: number,
  page: NamePage,
): Promise<RepositoryManifest[]> {
  return queries
    .selectFrom("manifests")
    .select(["digest", "media_type as mediaType", "size_bytes as sizeBytes", "body"])
    .where("repository_id", "=", repositoryId)
    .where("digest", ">", page.after as Digest)
    .orderBy("digest")
    .limit(page.limit)
    .execute();
}

/** The blobs that a repository has, in the order of their digests. */
export function listRepositoryBlobs(queries: Queries, repositoryId: number, page: NamePage): Promise<StoredBlob[]> {
  return queries
    .selectFrom("repository_blobs as rb")
    .innerJoin("blobs as b", "b.id", "rb.blob_id")
    .select(["b.digest", "b.size_bytes as sizeBytes", "b.storage_key as storageKey", "b.lost_reason as lostReason"])
    .where("rb.repository_id", "=", repositoryId)
    .where("b.digest", ">", page.after as Digest)
    .orderBy("b.digest")
    .limit(page.limit)
    .execute();
}
