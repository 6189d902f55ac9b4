import { sql } from "kysely";
import type { Digest, ManifestMediaType, RepositoryName, Tag } from "../oci/index.ts";
import type { Queries } from "./database.ts";
import type { NamePage } from "./page.ts";
import { preparedQuery } from "./prepared-query.ts";

export interface NewTag {
  readonly repositoryId: number;
  readonly tag: Tag;
  readonly manifestId: number;
  readonly nowMs: number;
  /** When it goes by itself; `null` or absent: never. */
  readonly expiresAtMs?: number | null;
  /** That has still to be read from the labels of its image. */
  readonly isLabelUnread?: boolean;
}

interface TagValues extends Omit<NewTag, "isLabelUnread"> {
  readonly expiresAtMs: number | null;
  readonly isLabelUnread: 0 | 1;
}

const upsertTag = preparedQuery((queries, values: TagValues) => {
  const { repositoryId, tag, manifestId, nowMs, expiresAtMs, isLabelUnread } = values;
  const expiry = { expires_at_ms: expiresAtMs, is_label_unread: isLabelUnread };
  const target = { manifest_id: manifestId, updated_at_ms: nowMs, ...expiry };
  return queries
    .insertInto("tags")
    .values({ repository_id: repositoryId, name: tag, ...target })
    .onConflict((conflict) => conflict.columns(["repository_id", "name"]).doUpdateSet(target));
});

/** Points the tag at the manifest, wherever it pointed before. */
export async function putTag(queries: Queries, entry: NewTag): Promise<void> {
  const { repositoryId, tag, manifestId, nowMs, expiresAtMs = null, isLabelUnread = false } = entry;
  const expiry = { expiresAtMs, isLabelUnread: isLabelUnread ? 1 : 0 } as const;
  await upsertTag(queries, { repositoryId, tag, manifestId, nowMs, ...expiry });
}

/** Points the tag at the manifest, unless it was moved at `nowMs` or later: for tags that bring a time of their own. */
export async function putOlderTag(queries: Queries, entry: NewTag): Promise<void> {
  const never = { expires_at_ms: null, is_label_unread: 0 } as const;
  const target = { manifest_id: entry.manifestId, updated_at_ms: entry.nowMs, ...never };
  await queries
    .insertInto("tags")
    .values({ repository_id: entry.repositoryId, name: entry.tag, ...target })
    .onConflict((conflict) =>
      conflict.columns(["repository_id", "name"]).doUpdateSet(target).where("tags.updated_at_ms", "<", entry.nowMs),
    )
    .execute();
}

/** Where a tag points, in the transaction that changes it. */
export interface TagTarget {
  readonly manifestId: number;
  readonly digest: Digest;
  /** When it was pointed there last. */
  readonly updatedAtMs: number;
}

const selectTarget = preparedQuery((queries, { repositoryId, tag }: Pick<NewTag, "repositoryId" | "tag">) =>
  queries
    .selectFrom("tags as t")
    .innerJoin("manifests as m", "m.id", "t.manifest_id")
    .select(["m.id as manifestId", "m.digest", "t.updated_at_ms as updatedAtMs"])
    .where("t.repository_id", "=", repositoryId)
    .where("t.name", "=", tag),
);

export async function findTag(queries: Queries, repositoryId: number, tag: Tag): Promise<TagTarget | undefined> {
  const [row] = await selectTarget(queries, { repositoryId, tag });
  return row;
}

/** Some of the tags that point at a manifest, in byte order. */
export async function listTagsOfManifest(
  queries: Queries,
  { repositoryId, digest }: { readonly repositoryId: number; readonly digest: Digest },
  limit: number,
): Promise<readonly Tag[]> {
  const rows = await queries
    .selectFrom("manifests as m")
    .innerJoin("tags as t", "t.manifest_id", "m.id")
    .select("t.name")
    .where("m.repository_id", "=", repositoryId)
    .where("m.digest", "=", digest)
    .orderBy("t.name")
    .limit(limit)
    .execute();
  return rows.map((row) => row.name);
}

/** The tags whose images lack something without a manifest or a blob: that point at what names it, over whatever indexes. */
export async function listTagsThatNeed(
  queries: Queries,
  { repositoryId, digest }: { readonly repositoryId: number; readonly digest: Digest },
): Promise<readonly Tag[]> {
  const { rows } = await sql<{ name: Tag }>`
    with recursive needing (digest) as (
      values (${digest})
      union select m.digest from needing n
      join manifest_references mr on mr.digest = n.digest and mr.repository_id = ${repositoryId}
      join manifests m on m.id = mr.manifest_id)
    select distinct t.name from needing n
    join manifests m on m.repository_id = ${repositoryId} and m.digest = n.digest
    join tags t on t.manifest_id = m.id`.execute(queries);
  return rows.map((row) => row.name);
}

/** Removes the tag only; the manifest stays. @returns whether there was one */
export async function removeTag(queries: Queries, repositoryId: number, tag: Tag): Promise<boolean> {
  const result = await queries
    .deleteFrom("tags")
    .where("repository_id", "=", repositoryId)
    .where("name", "=", tag)
    .executeTakeFirst();
  return result.numDeletedRows > 0n;
}

/** Tags in byte order. */
export async function listTags(queries: Queries, name: RepositoryName, page: NamePage): Promise<readonly Tag[]> {
  const rows = await queries
    .selectFrom("repositories as r")
    .innerJoin("tags as t", "t.repository_id", "r.id")
    .select("t.name")
    .where("r.name", "=", name)
    .where("t.name", ">", page.after as Tag)
    .orderBy("t.name")
    .limit(page.limit)
    .execute();
  return rows.map((row) => row.name);
}

/** A tag as lists show it. */
export interface ShownTag {
  readonly name: Tag;
  readonly digest: Digest;
  readonly mediaType: ManifestMediaType;
  /** 0: the manifest's bytes are lost. */
  readonly sizeBytes: number;
  readonly updatedAtMs: number;
}

/** One of a list, with how it is used. */
export interface ListedTag extends ShownTag {
  readonly pulls: number;
  /** `null`: not since pulls are counted. */
  readonly lastPulledAtMs: number | null;
}

/** Tags with what they point at, in byte order. */
export async function listTagTargets(
  queries: Queries,
  repositoryId: number,
  { after, limit }: NamePage,
): Promise<readonly ListedTag[]> {
  return queries
    .selectFrom("tags as t")
    .innerJoin("manifests as m", "m.id", "t.manifest_id")
    .leftJoin("tag_pulls as p", (join) =>
      join.onRef("p.repository_id", "=", "t.repository_id").onRef("p.tag", "=", "t.name"),
    )
    .select([
      sql<number>`coalesce(p.pulls, 0)`.as("pulls"),
      "p.last_pulled_at_ms as lastPulledAtMs",
      "t.name",
      "m.digest",
      "m.media_type as mediaType",
      "m.size_bytes as sizeBytes",
      "t.updated_at_ms as updatedAtMs",
    ])
    .where("t.repository_id", "=", repositoryId)
    .where("t.name", ">", after as Tag)
    .orderBy("t.name")
    .limit(limit)
    .execute();
}
