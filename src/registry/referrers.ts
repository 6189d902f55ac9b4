import {
  findManifestBody,
  isManifestLost,
  listManifestSummaries,
  listReferrers as listReferrerRows,
  type ManifestSummary,
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
/** A statement takes no more digests, and others wait while it runs. */
const SUMMARIES_AT_ONCE = 500;

/**
 * What refers to `subject`, in the order of digests; empty if nothing does or the subject or repository is unknown. The
 * page ends at `limit`, or when 4 MiB of JSON were written and of manifests read for it, but holds at least one descriptor
 * where there is one.
 * @spec OCI distribution-spec, "Listing Referrers"
 */
export async function listReferrers(registry: Registry, query: ReferrerListQuery): Promise<ReferrerList> {
  const descriptors: ReferrerDescriptor[] = [];
  let pageBytes = 0;
  for await (const found of inDigestOrder(recordedReferrers(registry, query), taggedReferrers(registry, query))) {
    pageBytes += found.readBytes + Buffer.byteLength(JSON.stringify(found.descriptor)) + 1;
    const isFull = descriptors.length >= query.limit || (descriptors.length > 0 && pageBytes > MAX_PAGE_BYTES);
    if (isFull) return { descriptors, hasMore: true };
    descriptors.push(found.descriptor);
  }
  return { descriptors, hasMore: false };
}

interface FoundReferrer {
  readonly descriptor: ReferrerDescriptor;
  /** Of its manifest. */
  readonly readBytes: number;
}

type Referrers = AsyncGenerator<FoundReferrer, void, undefined>;

async function* inDigestOrder(one: Referrers, other: Referrers): Referrers {
  let [first, second] = [await one.next(), await other.next()];
  for (;;) {
    if (!first.done && (second.done || first.value.descriptor.digest < second.value.descriptor.digest)) {
      yield first.value;
      first = await one.next();
    } else if (!second.done) {
      yield second.value;
      second = await other.next();
    } else return;
  }
}

async function* recordedReferrers(registry: Registry, query: ReferrerListQuery): Referrers {
  for (let after: string | undefined = query.after; after !== undefined;) {
    const rows = await listReferrerRows(registry.metadata.reads, { ...query, after, limit: ROWS_AT_ONCE });
    for (const { annotations, ...row } of rows)
      yield { descriptor: describe({ ...row, annotations: parseAnnotations(annotations) }), readBytes: 0 };
    after = rows.length < ROWS_AT_ONCE ? undefined : rows.at(-1)?.digest;
  }
}

function parseAnnotations(json: string | null): Annotations | undefined {
  return json === null ? undefined : (JSON.parse(json) as Annotations);
}

interface Described extends Omit<Referrer, "annotations"> {
  readonly annotations: Annotations | undefined;
}

function describe({ mediaType, digest, sizeBytes, artifactType, annotations }: Described): ReferrerDescriptor {
  return {
    mediaType,
    digest,
    size: sizeBytes,
    ...(artifactType !== null && { artifactType }),
    ...(annotations !== undefined && { annotations }),
  };
}

/**
 * Artifacts that a client attached by the referrers tag, as it does where a registry lacks this listing. Those of them
 * that are in the repository count, and what they say of themselves goes before what the tag's index says.
 * @spec OCI distribution-spec, "Referrers Tag Schema"
 */
async function* taggedReferrers(registry: Registry, query: ReferrerListQuery): Referrers {
  const entries = await listTagged(registry, query);
  for (let start = 0; start < entries.length; start += SUMMARIES_AT_ONCE) {
    // All of a long index would be looked up in one go otherwise, and every other request waits for it.
    await new Promise(setImmediate);
    const some = entries.slice(start, start + SUMMARIES_AT_ONCE);
    const summaries = await summariesOf(registry, query, some);
    for (const entry of some) {
      const summary = summaries.get(entry.digest);
      // One that names the subject is recorded as its referrer anyway.
      if (!summary || summary.subject === query.subject) continue;
      const artifactType = artifactTypeOf(summary, entry);
      if (query.artifactType !== undefined && artifactType !== query.artifactType) continue;
      const annotations = (await readAnnotations(registry, query.repository, summary)) ?? entry.annotations;
      yield { descriptor: describe({ ...summary, artifactType, annotations }), readBytes: summary.sizeBytes };
    }
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

async function summariesOf(
  { metadata }: Registry,
  { repository }: ReferrerListQuery,
  entries: readonly Descriptor[],
): Promise<ReadonlyMap<Digest, ManifestSummary>> {
  const digests = entries.map(({ digest }) => digest);
  const summaries = await listManifestSummaries(metadata.reads, repository, digests);
  return new Map(summaries.map((summary) => [summary.digest, summary]));
}

/** What an image says of itself is what it has beside its config's type. */
function artifactTypeOf({ artifactType, configType }: ManifestSummary, entry: Descriptor): string | null {
  const ownType = artifactType === configType ? null : artifactType;
  return ownType ?? entry.artifactType ?? artifactType;
}

/** Each is read in a turn of its own, as it may have 4 MiB. */
async function readAnnotations(
  { metadata }: Registry,
  repository: RepositoryName,
  { digest, mediaType }: ManifestSummary,
): Promise<Annotations | undefined> {
  await new Promise(setImmediate);
  const body = await findManifestBody(metadata.reads, repository, digest);
  return body && parseManifest(body, mediaType).annotations;
}
