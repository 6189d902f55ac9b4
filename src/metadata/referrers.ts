import { sql } from "kysely";
import type { Digest, RepositoryName } from "../oci/index.ts";
import type { Queries } from "./database.ts";

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
  /** A digest, exclusive; `""` starts at the first. */
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
    .where("m.size_bytes", ">", 0)
    .where("m.digest", ">", query.after as Digest);
  if (query.artifactType !== undefined) select = select.where("m.artifact_type", "=", query.artifactType);
  return select.orderBy("m.digest").limit(query.limit).execute();
}

/** What manifests of a repository refer to, each once, in the order of digests, behind `after`. */
export async function listSubjects(
  queries: Queries,
  repositoryId: number,
  { after, limit }: { readonly after: string; readonly limit: number },
): Promise<readonly Digest[]> {
  const rows = await queries
    .selectFrom("manifests")
    .select("subject_digest")
    .distinct()
    .where("repository_id", "=", repositoryId)
    .where("subject_digest", ">", after as Digest)
    .where("size_bytes", ">", 0)
    .orderBy("subject_digest")
    .limit(limit)
    .execute();
  return rows.flatMap(({ subject_digest: subject }) => (subject === null ? [] : [subject]));
}

/** Whether something refers to a manifest whose digest begins like this. */
export async function hasReferrers(queries: Queries, repositoryId: number, subjects: string): Promise<boolean> {
  const row = await queries
    .selectFrom("manifests")
    .select("id")
    .where("repository_id", "=", repositoryId)
    .where("subject_digest", ">=", subjects as Digest)
    .where("subject_digest", "<=", `${subjects}~` as Digest)
    .where("size_bytes", ">", 0)
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

/** What those of the manifests refer to that are in the repository and refer to something. */
export async function findSubjects(
  queries: Queries,
  repositoryId: number,
  digests: readonly Digest[],
): Promise<ReadonlyMap<Digest, Digest>> {
  const { rows } = await sql<{ digest: Digest; subject: Digest }>`
    select m.digest, m.subject_digest as subject from json_each(${JSON.stringify(digests)}) d
    join manifests m on m.repository_id = ${repositoryId} and m.digest = d.value
    where m.subject_digest is not null`.execute(queries);
  return new Map(rows.map(({ digest, subject }) => [digest, subject]));
}
