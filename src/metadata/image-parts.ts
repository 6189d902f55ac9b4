import { type RawBuilder, sql } from "kysely";
import type { Digest, ManifestMediaType, Tag } from "../oci/index.ts";
import type { Queries } from "./database.ts";

/** A manifest that belongs to an image. */
export interface ImagePart {
  readonly id: number;
  readonly digest: Digest;
  readonly mediaType: ManifestMediaType;
  /** 0: the manifest's bytes are lost. */
  readonly sizeBytes: number;
}

interface ImagePlace {
  readonly repositoryId: number;
  readonly digest: Digest;
}

/** How the tags begin that are attached to a digest: those of cosign, and lists of referrers that clients keep themselves. */
const attachedTo = (digest: RawBuilder<string>) =>
  sql<string>`substr(${digest}, 1, 6) || '-' || substr(${digest}, 8, 64)`;

const isAttached = (tag: RawBuilder<string>, digest: RawBuilder<string>) => {
  const name = attachedTo(digest);
  return sql<boolean>`${tag} in (${name}, ${name} || '.sig', ${name} || '.att', ${name} || '.sbom')`;
};

/**
 * A manifest, all that it names in its repository, and all that refers to any of that or is attached to it by a tag; with what these name, and
 * so on. What is named and not there is left out. It looks at nothing else in the repository, however much is there: a `cross join` is gone
 * through from the left to the right.
 */
export async function listImageParts(
  queries: Queries,
  { repositoryId, digest }: ImagePlace,
): Promise<readonly ImagePart[]> {
  const { rows } = await sql<ImagePart>`
    with recursive part (digest) as (
      values (${digest})
      union select r.digest from part p
        cross join manifests m on m.repository_id = ${repositoryId} and m.digest = p.digest
        join manifest_references r on r.manifest_id = m.id and r.kind = 'manifest'
      union select m.digest from part p
        cross join manifests m on m.repository_id = ${repositoryId} and m.subject_digest = p.digest
      union select m.digest from part p
        cross join tags t on t.repository_id = ${repositoryId} and ${isAttached(sql`t.name`, sql`p.digest`)}
        join manifests m on m.id = t.manifest_id)
    select m.id, m.digest, m.media_type as mediaType, m.size_bytes as sizeBytes from part p
    cross join manifests m on m.repository_id = ${repositoryId} and m.digest = p.digest`.execute(queries);
  return rows;
}

/** A tag that attaches a manifest to another one. */
export interface AttachedTag {
  readonly tag: Tag;
  readonly digest: Digest;
}

/** The tags of a repository that attach something to one of the manifests. */
export async function listAttachedTags(
  queries: Queries,
  repositoryId: number,
  digests: readonly Digest[],
): Promise<readonly AttachedTag[]> {
  const { rows } = await sql<AttachedTag>`
    select t.name as tag, m.digest from json_each(${JSON.stringify(digests)}) d
    cross join tags t on t.repository_id = ${repositoryId} and ${isAttached(sql`t.name`, sql`d.value`)}
    join manifests m on m.id = t.manifest_id`.execute(queries);
  return rows;
}

/** The bytes of a manifest that is there. */
export async function findManifestBody(queries: Queries, manifestId: number): Promise<Uint8Array | undefined> {
  const row = await queries.selectFrom("manifests").select("body").where("id", "=", manifestId).executeTakeFirst();
  return row?.body;
}

/** Gives another repository the blobs that a manifest names, as far as its own has them. */
export async function linkBlobsOf(
  queries: Queries,
  manifestId: number,
  { repositoryId, nowMs }: { readonly repositoryId: number; readonly nowMs: number },
): Promise<void> {
  await sql`
    insert into repository_blobs (repository_id, blob_id, linked_at_ms)
    select distinct ${repositoryId}, rb.blob_id, ${nowMs} from manifest_references r
    join blobs b on b.digest = r.digest
    join repository_blobs rb on rb.repository_id = r.repository_id and rb.blob_id = b.id
    where r.manifest_id = ${manifestId}
    on conflict (repository_id, blob_id) do update set linked_at_ms = excluded.linked_at_ms`.execute(queries);
}

/** What an image says of itself that keeps its tags holds for the same image elsewhere, unless something is on record there. */
export async function takeMarkAlong(queries: Queries, fromManifestId: number, toManifestId: number): Promise<void> {
  await sql`
    insert into manifest_marks (manifest_id, name, value)
    select ${toManifestId}, name, value from manifest_marks where manifest_id = ${fromManifestId}
    on conflict do nothing`.execute(queries);
}
