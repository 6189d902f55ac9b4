import type { Digest, RepositoryName } from "../oci/index.ts";
import type { Queries } from "./database.ts";
import { preparedQuery } from "./prepared-query.ts";

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
  /** Exclusive; `""` starts at the first. */
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

/** What is recorded of a manifest that something else than its subject may make a referrer. */
export interface ManifestSummary extends Omit<Referrer, "annotations"> {
  readonly subject: Digest | null;
  /** The media type of its config, which its artifact type is where it names none. */
  readonly configType: string | null;
}

/** Those of the manifests that the repository has, without reading their bytes. @param digests as many as a statement takes */
export function listManifestSummaries(
  queries: Queries,
  repository: RepositoryName,
  digests: readonly Digest[],
): Promise<readonly ManifestSummary[]> {
  return queries
    .selectFrom("repositories as r")
    .innerJoin("manifests as m", "m.repository_id", "r.id")
    .leftJoin("manifest_references as c", (join) =>
      join.onRef("c.manifest_id", "=", "m.id").on("c.position", "=", 0).on("c.kind", "=", "blob"),
    )
    .select([
      "m.media_type as mediaType",
      "m.digest",
      "m.size_bytes as sizeBytes",
      "m.artifact_type as artifactType",
      "m.subject_digest as subject",
      "c.media_type as configType",
    ])
    .where("r.name", "=", repository)
    .where("m.size_bytes", ">", 0)
    .where("m.digest", "in", digests)
    .execute();
}

const selectBody = preparedQuery((queries, asked: { readonly repository: RepositoryName; readonly digest: Digest }) =>
  queries
    .selectFrom("repositories as r")
    .innerJoin("manifests as m", "m.repository_id", "r.id")
    .select("m.body")
    .where("r.name", "=", asked.repository)
    .where("m.digest", "=", asked.digest),
);

/** Read for once: it is not remembered, as those that are pulled are. */
export async function findManifestBody(
  queries: Queries,
  repository: RepositoryName,
  digest: Digest,
): Promise<Uint8Array | undefined> {
  const [row] = await selectBody(queries, { repository, digest });
  return row?.body;
}
