import { sql } from "kysely";
import { type Digest, isIndexType, type ManifestMediaType, type RepositoryName, type Tag } from "../../oci/index.ts";
import type { Queries } from "../database.ts";
import type { StoredBlob } from "../hot-reads.ts";
import { type KeepMark, putManifestMark } from "./manifest-marks.ts";

/** A tag of an image whose labels were not looked at since it was pushed. */
export interface UnreadTag {
  readonly repositoryId: number;
  readonly repository: RepositoryName;
  readonly tag: Tag;
  readonly manifestId: number;
  readonly digest: Digest;
  /** What says how long it lasts is in the images that it names. */
  readonly isIndex: boolean;
  readonly pushedAtMs: number;
  /** Where the labels are; `undefined` if it is not there, or of an index. */
  readonly config: StoredBlob | undefined;
}

/** Some of them. */
export async function listUnreadTags(queries: Queries, limit: number): Promise<readonly UnreadTag[]> {
  const { rows } = await sql<Omit<UnreadTag, "config" | "isIndex"> & ConfigRow>`
    select t.repository_id as repositoryId, r.name as repository, t.name as tag, t.manifest_id as manifestId, m.digest,
      t.updated_at_ms as pushedAtMs, ${CONFIG_COLUMNS}
    from tags t
    join repositories r on r.id = t.repository_id
    join manifests m on m.id = t.manifest_id
    ${CONFIG_OF_MANIFEST}
    where t.is_label_unread = 1 limit ${limit}`.execute(queries);
  return rows.map(({ repositoryId, repository, tag, manifestId, digest, pushedAtMs, ...row }) => {
    const isIndex = isIndexType(row.mediaType);
    return { repositoryId, repository, tag, manifestId, digest, isIndex, pushedAtMs, config: configOf(row) };
  });
}

/** A manifest with what it says of its tags, and the config with its labels. */
export interface LabelledManifest extends Pick<UnreadTag, "config"> {
  readonly mediaType: ManifestMediaType;
  /** Empty: it is lost. */
  readonly body: Uint8Array;
}

export async function findLabelledManifest(
  queries: Queries,
  { repositoryId, digest }: Pick<UnreadTag, "repositoryId" | "digest">,
): Promise<LabelledManifest | undefined> {
  const { rows } = await sql<Pick<LabelledManifest, "body"> & ConfigRow>`
    select m.body, ${CONFIG_COLUMNS} from manifests m ${CONFIG_OF_MANIFEST}
    where m.repository_id = ${repositoryId} and m.digest = ${digest}`.execute(queries);
  return rows.map((row) => ({ mediaType: row.mediaType, body: row.body, config: configOf(row) }))[0];
}

interface ConfigRow extends Omit<StoredBlob, "digest"> {
  readonly mediaType: ManifestMediaType;
  readonly configDigest: Digest | null;
}

const CONFIG_COLUMNS = sql`m.media_type as mediaType, b.digest as configDigest, b.size_bytes as sizeBytes,
  b.storage_key as storageKey, b.lost_reason as lostReason`;

const CONFIG_OF_MANIFEST = sql`
  left join manifest_references mr on mr.manifest_id = m.id and mr.position = 0 and mr.kind = 'blob'
  left join blobs b on b.digest = mr.digest`;

function configOf({ configDigest, sizeBytes, storageKey, lostReason }: ConfigRow): StoredBlob | undefined {
  return configDigest === null ? undefined : { digest: configDigest, sizeBytes, storageKey, lostReason };
}

/** Whether that is so of any of these tags. */
export async function areLabelsUnread(queries: Queries, repositoryId: number, tags: readonly Tag[]): Promise<boolean> {
  const { rows } = await sql`
    select 1 from json_each(${JSON.stringify(tags)}) c
    join tags t on t.repository_id = ${repositoryId} and t.name = c.value
    where t.is_label_unread = 1 limit 1`.execute(queries);
  return rows.length > 0;
}

/** When a tag that is there goes by itself, as `putTag` takes it. */
export async function findTagExpiry(
  queries: Queries,
  { repositoryId, tag }: Pick<UnreadTag, "repositoryId" | "tag">,
): Promise<{ readonly expiresAtMs: number | null; readonly isLabelUnread: boolean } | undefined> {
  const row = await queries
    .selectFrom("tags")
    .select(["expires_at_ms as expiresAtMs", "is_label_unread"])
    .where("repository_id", "=", repositoryId)
    .where("name", "=", tag)
    .executeTakeFirst();
  return row && { expiresAtMs: row.expiresAtMs, isLabelUnread: row.is_label_unread === 1 };
}

export interface TagExpiry extends Pick<UnreadTag, "repositoryId" | "tag" | "manifestId" | "digest" | "pushedAtMs"> {
  /** `null`: it does not go by itself. */
  readonly expiresAtMs: number | null;
  /** `undefined`: no label keeps it. */
  readonly mark: KeepMark | undefined;
}

/** Says when tags go, unless they were pushed again since, and what keeps them. */
export async function putTagExpiries(queries: Queries, expiries: readonly TagExpiry[]): Promise<void> {
  for (const { mark, expiresAtMs, ...expiry } of expiries) {
    const { repositoryId, tag, manifestId, pushedAtMs } = expiry;
    if (mark && (await isThere(queries, expiry))) await putManifestMark(queries, manifestId, mark);
    await queries
      .updateTable("tags")
      .set({ expires_at_ms: expiresAtMs, is_label_unread: 0 })
      .where("repository_id", "=", repositoryId)
      .where("name", "=", tag)
      .where("manifest_id", "=", manifestId)
      .where("updated_at_ms", "=", pushedAtMs)
      .execute();
  }
}

/** Another manifest may have its number by now. */
async function isThere(
  queries: Queries,
  { repositoryId, manifestId, digest }: Pick<TagExpiry, "repositoryId" | "manifestId" | "digest">,
): Promise<boolean> {
  const found = await queries
    .selectFrom("manifests")
    .select("id")
    .where("id", "=", manifestId)
    .where("repository_id", "=", repositoryId)
    .where("digest", "=", digest)
    .executeTakeFirst();
  return found !== undefined;
}
