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
