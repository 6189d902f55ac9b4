import { sql } from "kysely";
import { isIndexType, type Digest, type RepositoryName, type Tag } from "../../oci/index.ts";
import type { Queries } from "../database.ts";
import type { NamePage } from "../page.ts";
import type { KeepMark } from "./manifest-marks.ts";

/** A tag with what is judged of it. */
export interface DatedTag {
  readonly tag: Tag;
  readonly digest: Digest;
  /** It points at an index, which names other manifests. */
  readonly isIndex: boolean;
  /** When something was last pushed by it. */
  readonly pushedAtMs: number;
  /** `null`: it does not go by itself. */
  readonly expiresAtMs: number | null;
  /** When it was last used, as far as is known; `null`: never since it is here. */
  readonly usedAtMs: number | null;
  /** That is when it began to be on record, or the tag was imported. */
  readonly isUseGuessed: boolean;
  /** What the image says that keeps it, where its node wants that; `null`: nothing. */
  readonly mark: KeepMark | null;
}

/** Of a repository, in byte order. */
export async function listDatedTags(
  queries: Queries,
  repositoryId: number,
  { after, limit }: NamePage,
): Promise<readonly DatedTag[]> {
  const rows = await queries
    .selectFrom("tags as t")
    .innerJoin("manifests as m", "m.id", "t.manifest_id")
    .leftJoin("tag_uses as u", (join) =>
      join.onRef("u.repository_id", "=", "t.repository_id").onRef("u.tag", "=", "t.name"),
    )
    .leftJoin("manifest_marks as k", "k.manifest_id", "t.manifest_id")
    .select([
      "t.name as tag",
      "m.digest",
      "m.media_type as mediaType",
      "t.updated_at_ms as pushedAtMs",
      "t.expires_at_ms as expiresAtMs",
      "u.last_used_at_ms as usedAtMs",
      "u.is_guessed as isGuessed",
      "k.name as markName",
      "k.value as markValue",
    ])
    .where("t.repository_id", "=", repositoryId)
    .where("t.name", ">", after as Tag)
    .orderBy("t.name")
    .limit(limit)
    .execute();
  return rows.map(({ markName, markValue, isGuessed, mediaType, ...row }) => {
    return {
      ...row,
      isIndex: isIndexType(mediaType),
      isUseGuessed: isGuessed === 1,
      mark: markName === null ? null : { name: markName, value: markValue ?? "" },
    };
  });
}

export interface DoomedTags {
  readonly repositoryId: number;
  readonly tags: readonly Tag[];
  /** Manifests that have no tag any more go as well. */
  readonly withManifests: boolean;
}

/** Removes tags. What they leave is a candidate of clean-up. */
export async function removeTags(queries: Queries, { repositoryId, tags, withManifests }: DoomedTags): Promise<void> {
  const { rows } = await sql<{ manifestId: number }>`
    delete from tags where repository_id = ${repositoryId}
      and name in (select value from json_each(${JSON.stringify(tags)}))
    returning manifest_id as manifestId`.execute(queries);
  if (!withManifests) return;
  const ids = JSON.stringify(rows.map(({ manifestId }) => manifestId));
  await sql`
    update garbage_candidates set is_orphan = 1
    where kind = 'manifest' and repository_id = ${repositoryId}
      and target_id in (select value from json_each(${ids}))
      and not exists (select 1 from tags t where t.manifest_id = target_id)`.execute(queries);
}

/** Repositories of which some tag has expired by now, in byte order. */
export async function listRepositoriesWithExpired(
  queries: Queries,
  untilMs: number,
): Promise<readonly RepositoryName[]> {
  const { rows } = await sql<{ name: RepositoryName }>`
    select r.name from repositories r
    where r.id in (select repository_id from tags where expires_at_ms <= ${untilMs}) order by r.name`.execute(queries);
  return rows.map(({ name }) => name);
}
