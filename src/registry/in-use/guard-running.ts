import {
  type ContentQuestion,
  findLeaseNeeding,
  findLeaseWithin,
  findManifestId,
  type Lease,
  listTagsOfManifest,
  type Queries,
} from "../../metadata/index.ts";
import { RegistryError, type Tag } from "../../oci/index.ts";

/** As people read it. */
export function showLease({ cluster, sinceMs }: Pick<Lease, "cluster" | "sinceMs">): string {
  return `running in ${cluster} since ${new Date(sinceMs).toISOString()}`;
}

/** Of one image; no more are looked at. */
const MOST_TAGS = 1000;

/**
 * @param content the manifest that loses a tag
 * @param goesBefore whether a tag of it will be gone by then
 * @throws RegistryError `denied` if it is the only one of what runs somewhere
 */
export async function requireTagNotRunning(
  queries: Queries,
  content: ContentQuestion,
  goesBefore?: (tag: Tag) => boolean,
): Promise<void> {
  const lease = await findLeaseWithin(queries, content);
  if (!lease) return;
  const there = await listTagsOfManifest(queries, content, goesBefore ? MOST_TAGS : 2);
  const tags = goesBefore ? there.filter((tag) => !goesBefore(tag)) : there;
  if (tags.length >= 2) return;
  const what = lease.digest === content.digest ? "" : `${content.digest}, which names `;
  throw refusal(lease, `${tags[0] ?? "this"} is the only tag of ${what}${lease.digest}, which is`);
}

/**
 * @param content a manifest or a blob that is to be deleted
 * @throws RegistryError `denied` if it runs somewhere, or what needs it, or if it is an index with a tag of what does
 */
export async function requireNotRunning(queries: Queries, content: ContentQuestion): Promise<void> {
  const lease = await findLeaseNeeding(queries, content);
  if (lease?.digest === content.digest) throw refusal(lease, `${content.digest} is`);
  if (lease) throw refusal(lease, `${content.digest} is needed by ${lease.digest}, which is`);
  const isManifest = (await findManifestId(queries, content.repositoryId, content.digest)) !== undefined;
  if (!isManifest || (await listTagsOfManifest(queries, content, 1)).length === 0) return;
  const inside = await findLeaseWithin(queries, content);
  if (inside) throw refusal(inside, `${content.digest} has a tag, and names ${inside.digest}, which is`);
}

function refusal(lease: Lease, what: string): RegistryError {
  const { cluster, digest } = lease;
  const message = `${what} ${showLease(lease)}: stop it there, or have an administrator forget the cluster`;
  return new RegistryError("denied", message, {
    detail: { cluster, digest, since: new Date(lease.sinceMs).toISOString() },
  });
}
