import {
  isManifestLost,
  listReferrers as listReferrerRows,
  type ManifestContent,
  type Referrer,
} from "../metadata/index.ts";
import {
  type Annotations,
  type Descriptor,
  type Digest,
  isIndexType,
  MAX_MANIFEST_BYTES,
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

/** What clients read of an index, with room for what stands around the descriptors. */
const MAX_PAGE_BYTES = MAX_MANIFEST_BYTES - 1024;
/** Few, as each may bring annotations of some MiB. */
const ROWS_AT_ONCE = 16;

/**
 * What refers to `subject`, in the order of digests; empty if nothing does or the subject or repository is unknown. The
 * page ends at `limit` or at 4 MiB of JSON, but holds at least one descriptor where there is one.
 * @spec OCI distribution-spec, "Listing Referrers"
 */
export async function listReferrers(registry: Registry, query: ReferrerListQuery): Promise<ReferrerList> {
  const descriptors: ReferrerDescriptor[] = [];
  let pageBytes = 0;
  for await (const descriptor of inDigestOrder(recordedReferrers(registry, query), taggedReferrers(registry, query))) {
    pageBytes += Buffer.byteLength(JSON.stringify(descriptor)) + 1;
    const isFull = descriptors.length >= query.limit || (descriptors.length > 0 && pageBytes > MAX_PAGE_BYTES);
    if (isFull) return { descriptors, hasMore: true };
    descriptors.push(descriptor);
  }
  return { descriptors, hasMore: false };
}

type Descriptors = AsyncGenerator<ReferrerDescriptor, void, undefined>;

async function* inDigestOrder(one: Descriptors, other: Descriptors): Descriptors {
  let [first, second] = [await one.next(), await other.next()];
  for (;;) {
    if (!first.done && (second.done || first.value.digest < second.value.digest)) {
      yield first.value;
      first = await one.next();
    } else if (!second.done) {
      yield second.value;
      second = await other.next();
    } else return;
  }
}

async function* recordedReferrers(registry: Registry, query: ReferrerListQuery): Descriptors {
  for (let after: string | undefined = query.after; after !== undefined;) {
    const rows = await listReferrerRows(registry.metadata.reads, { ...query, after, limit: ROWS_AT_ONCE });
    for (const row of rows) yield describe(row);
    after = rows.length < ROWS_AT_ONCE ? undefined : rows.at(-1)?.digest;
  }
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
 * Artifacts that a client attached by the referrers tag, as it does where a registry lacks this listing. Those of them
 * that are in the repository count, and what they say of themselves goes before what the tag's index says.
 * @spec OCI distribution-spec, "Referrers Tag Schema"
 */
async function* taggedReferrers(registry: Registry, query: ReferrerListQuery): Descriptors {
  for (const entry of await listTagged(registry, query)) {
    const found = await registry.metadata.hot.findManifestByDigest(query.repository, entry.digest);
    const descriptor = found && !isManifestLost(found) && describeTagged(entry, found, query.subject);
    if (!descriptor) continue;
    if (query.artifactType === undefined || descriptor.artifactType === query.artifactType) yield descriptor;
  }
}

async function listTagged(registry: Registry, query: ReferrerListQuery): Promise<readonly Descriptor[]> {
  const tagged = await registry.metadata.hot.findManifestByTag(query.repository, referrersTagOf(query.subject));
  if (!tagged || isManifestLost(tagged) || !isIndexType(tagged.mediaType)) return [];
  const { manifests } = parseManifest(tagged.body, tagged.mediaType);
  const entries = new Map(manifests.map((entry) => [entry.digest, entry]));
  return [...entries.values()]
    .filter(({ digest }) => digest > query.after)
    .sort((a, b) => (a.digest < b.digest ? -1 : 1));
}

/** `undefined` for one that is recorded as a referrer anyway. */
function describeTagged(entry: Descriptor, found: ManifestContent, subject: Digest): ReferrerDescriptor | undefined {
  const manifest = parseManifest(found.body, found.mediaType);
  if (manifest.subject?.digest === subject) return undefined;
  const [config] = manifest.blobs;
  const ownType = manifest.artifactType === config?.mediaType ? undefined : manifest.artifactType;
  const artifactType = ownType ?? entry.artifactType ?? manifest.artifactType;
  const annotations = manifest.annotations ?? entry.annotations;
  return {
    mediaType: found.mediaType,
    digest: found.digest,
    size: found.sizeBytes,
    ...(artifactType !== undefined && { artifactType }),
    ...(annotations !== undefined && { annotations }),
  };
}
