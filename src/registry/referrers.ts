import { listReferrers as listReferrerRows, type Referrer } from "../metadata/index.ts";
import {
  type Annotations,
  type Digest,
  isIndexType,
  parseManifest,
  referrersTagOf,
  type RepositoryName,
} from "../oci/index.ts";
import type { Registry } from "./registry.ts";

/** One entry of the answer, in the specification's field names. */
export interface ReferrerDescriptor {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly size: number;
  readonly artifactType?: string;
  readonly annotations?: Annotations;
}

export interface ReferrerList {
  readonly descriptors: readonly ReferrerDescriptor[];
  /** Whether more follow the digest of the last one. */
  readonly hasMore: boolean;
}

export interface ReferrerListQuery {
  readonly repository: RepositoryName;
  readonly subject: Digest;
  readonly artifactType?: string | undefined;
  /** A digest, exclusive; `""` starts at the first. */
  readonly after: string;
  readonly limit: number;
}

/**
 * What refers to `subject`, in the order of digests; empty if nothing does or the subject or repository is unknown.
 * @spec OCI distribution-spec, "Listing Referrers"
 */
export async function listReferrers(registry: Registry, query: ReferrerListQuery): Promise<ReferrerList> {
  const rows = await listReferrerRows(registry.metadata.reads, { ...query, limit: query.limit + 1 });
  const found = new Map<Digest, ReferrerDescriptor>();
  for (const descriptor of await fallbackReferrers(registry, query)) found.set(descriptor.digest, descriptor);
  for (const row of rows) found.set(row.digest, describe(row));
  const sorted = [...found.values()].sort((a, b) => (a.digest < b.digest ? -1 : 1));
  return { descriptors: sorted.slice(0, query.limit), hasMore: sorted.length > query.limit };
}

function describe(row: Referrer): ReferrerDescriptor {
  return {
    mediaType: row.mediaType,
    digest: row.digest,
    size: row.sizeBytes,
    ...(row.artifactType !== null && { artifactType: row.artifactType }),
    ...(row.annotations !== null && { annotations: JSON.parse(row.annotations) as Annotations }),
  };
}

/**
 * Artifacts that a client attached by the referrers tag, as it does where a registry lacks this listing.
 * @spec OCI distribution-spec, "Referrers Tag Schema"
 */
async function fallbackReferrers(registry: Registry, query: ReferrerListQuery): Promise<readonly ReferrerDescriptor[]> {
  const tagged = await registry.metadata.hot.findManifestByTag(query.repository, referrersTagOf(query.subject));
  if (!tagged || !isIndexType(tagged.mediaType)) return [];
  const { manifests } = parseManifest(tagged.body, tagged.mediaType);
  return manifests
    .filter((entry) => entry.digest > query.after)
    .filter((entry) => query.artifactType === undefined || entry.artifactType === query.artifactType)
    .map((entry) => ({
      mediaType: entry.mediaType,
      digest: entry.digest,
      size: entry.sizeBytes,
      ...(entry.artifactType !== undefined && { artifactType: entry.artifactType }),
      ...(entry.annotations !== undefined && { annotations: entry.annotations }),
    }));
}
