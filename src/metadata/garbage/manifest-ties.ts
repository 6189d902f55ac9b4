import { type RawBuilder, sql } from "kysely";
import type { Digest, RepositoryName, Tag } from "../../oci/index.ts";
import type { Queries } from "../database.ts";

/** A manifest with what may keep it. */
export interface ManifestTies {
  readonly id: number;
  readonly repositoryId: number;
  readonly repository: RepositoryName;
  readonly digest: Digest;
  readonly sizeBytes: number;
  /** Some of them; the first keeps it, if any does. */
  readonly tags: readonly Tag[];
  /** The first index that names it. */
  readonly parent: Digest | null;
  readonly subject: Digest | null;
  /** The subject is there. */
  readonly hasSubject: boolean;
  /** The entry of the bin that keeps it longest: a tag of it, an index that names it, or its subject. */
  readonly bin: BinTie | null;
}

export interface BinTie {
  readonly entry: number;
  readonly untilMs: number;
}

/** One tag that keeps is enough. */
const MOST_TAGS = 8;

/** The longest that a tag says of a digest. */
const SUBJECT = sql<string>`substr(t.name, 1, 6) || ':' || substr(t.name, 8, 64)`;

/** Whether the digest of a row begins with a text: all digits are in front of a `g`. An index is searched by it. */
function isBegunBy(text: RawBuilder<string>, table: string): RawBuilder<boolean> {
  const digest = sql.ref(`${table}.digest`);
  return sql`${digest} >= ${text} and ${digest} < ${text} || 'g'`;
}

/** Whether a tag `t` keeps by itself, or is attached to what is there or can come back; the digest it is attached to is in its name. */
const KEEPS = sql`(
  not (t.name glob 'sha256-*' or t.name glob 'sha512-*') or length(t.name) < 71 or substr(t.name, 8, 64) glob '*[^0-9a-f]*'
  or substr(t.name, 72) not in ('', '.sig', '.att', '.sbom') or (t.name glob 'sha512-*' and length(t.name) > 71)
  or exists (select 1 from manifests s where s.repository_id = t.repository_id and ${isBegunBy(SUBJECT, "s")})
  or exists (select 1 from bin_entries e
    where e.repository_id = t.repository_id and ${isBegunBy(SUBJECT, "e")} and e.kind = 'manifest'))`;

interface TiesRow extends Omit<ManifestTies, "tags" | "hasSubject" | "bin"> {
  readonly tags: string;
  readonly hasSubject: number;
  readonly bin: string | null;
}

/** Of those of the manifests that are there. */
export async function findManifestTies(queries: Queries, ids: readonly number[]): Promise<readonly ManifestTies[]> {
  const { rows } = await sql<TiesRow>`
    select m.id, m.repository_id as repositoryId, r.name as repository, m.digest, m.size_bytes as sizeBytes,
      (select json_group_array(name) from (
        select * from (select t.name from tags t where t.manifest_id = m.id and ${KEEPS} limit 1)
        union all select * from (select t.name from tags t where t.manifest_id = m.id limit ${MOST_TAGS}))) as tags,
      (select p.digest from manifest_references mr join manifests p on p.id = mr.manifest_id
        where mr.digest = m.digest and mr.repository_id = m.repository_id and mr.kind = 'manifest' limit 1) as parent,
      m.subject_digest as subject,
      exists (select 1 from manifests s
        where s.repository_id = m.repository_id and s.digest = m.subject_digest) as hasSubject,
      (select json_object('entry', id, 'untilMs', max(expires_at_ms)) from (
        select e.id, e.expires_at_ms from bin_references br join bin_entries e on e.id = br.entry_id
          where br.digest = m.digest and br.repository_id = m.repository_id
        union all select e.id, e.expires_at_ms from bin_entries e
          where e.repository_id = m.repository_id and e.digest = m.subject_digest and e.kind = 'manifest')
        having count(*) > 0) as bin
    from json_each(${JSON.stringify(ids)}) c
    join manifests m on m.id = c.value
    join repositories r on r.id = m.repository_id`.execute(queries);
  return rows.map((row) => ({
    ...row,
    tags: JSON.parse(row.tags) as Tag[],
    hasSubject: row.hasSubject === 1,
    bin: row.bin === null ? null : (JSON.parse(row.bin) as BinTie),
  }));
}

/** With their tags. What they named becomes a candidate. */
export async function removeManifestRows(queries: Queries, ids: readonly number[]): Promise<void> {
  await sql`delete from manifests where id in (select value from json_each(${JSON.stringify(ids)}))`.execute(queries);
}

/**
 * Which of the manifests are in the repositories, or in the bin and can come back, as `[repository id, digest]`; a digest may be cut.
 * @returns them as they were asked for, each as `<repository id> <digest>`
 */
export async function findPresentManifests(
  queries: Queries,
  wanted: readonly (readonly [repositoryId: number, digest: string])[],
): Promise<ReadonlySet<string>> {
  if (wanted.length === 0) return new Set();
  const digest = sql<string>`(c.value ->> 1)`;
  const { rows } = await sql<{ repositoryId: number; digest: string }>`
    select m.repository_id as repositoryId, ${digest} as digest from json_each(${JSON.stringify(wanted)}) c
    cross join manifests m on m.repository_id = c.value ->> 0 and ${isBegunBy(digest, "m")}
    union select e.repository_id, ${digest} from json_each(${JSON.stringify(wanted)}) c
    cross join bin_entries e on e.repository_id = c.value ->> 0 and ${isBegunBy(digest, "e")}
    where e.kind = 'manifest'`.execute(queries);
  return new Set(rows.map(({ repositoryId, digest }) => `${repositoryId} ${digest}`));
}
