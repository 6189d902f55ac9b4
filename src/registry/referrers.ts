import { listReferrers as listReferrerRows, type Referrer, type ReferrerQuery } from "../metadata/index.ts";
import { type Annotations, type Digest, MAX_MANIFEST_BYTES } from "../oci/index.ts";
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

/** What clients read of an index, with room for what stands around the descriptors. */
const MAX_PAGE_BYTES = MAX_MANIFEST_BYTES - 1024;
/** Few, as each may bring annotations of some MiB. */
const ROWS_AT_ONCE = 16;

/**
 * What refers to `subject`, in the order of digests; empty if nothing does or the subject or repository is unknown. The
 * page ends at `limit`, or when 4 MiB of JSON were written, but holds at least one descriptor where there is one. What a client lists
 * in an index under the referrers tag counts as far as it names the subject itself, and so is on record anyway.
 * @spec OCI distribution-spec, "Listing Referrers"
 */
export async function listReferrers(registry: Registry, query: ReferrerQuery): Promise<ReferrerList> {
  const descriptors: ReferrerDescriptor[] = [];
  let pageBytes = 0;
  for await (const row of recordedReferrers(registry, query)) {
    const descriptor = describeReferrer(row);
    pageBytes += Buffer.byteLength(JSON.stringify(descriptor)) + 1;
    const isFull = descriptors.length >= query.limit || (descriptors.length > 0 && pageBytes > MAX_PAGE_BYTES);
    if (isFull) return { descriptors, hasMore: true };
    descriptors.push(descriptor);
  }
  return { descriptors, hasMore: false };
}

async function* recordedReferrers(
  { metadata }: Registry,
  query: ReferrerQuery,
): AsyncGenerator<Referrer, void, undefined> {
  for (let after: string | undefined = query.after; after !== undefined;) {
    const rows: readonly Referrer[] = await listReferrerRows(metadata.reads, { ...query, after, limit: ROWS_AT_ONCE });
    yield* rows;
    after = rows.length < ROWS_AT_ONCE ? undefined : rows.at(-1)?.digest;
  }
}

/** As a list of referrers has it. */
export function describeReferrer({
  mediaType,
  digest,
  sizeBytes,
  artifactType,
  annotations,
}: Referrer): ReferrerDescriptor {
  return {
    mediaType,
    digest,
    size: sizeBytes,
    ...(artifactType !== null && { artifactType }),
    ...(annotations !== null && { annotations: JSON.parse(annotations) as Annotations }),
  };
}
