import { findTag, listReferrers, listSubjects, type Referrer } from "../../metadata/index.ts";
import {
  type Digest,
  digestOf,
  MAX_MANIFEST_BYTES,
  OCI_IMAGE_INDEX,
  referrersTagOf,
  type Tag,
} from "../../oci/index.ts";
import { describeReferrer, type ReferrerDescriptor } from "../../registry/index.ts";
import { inPages } from "../in-pages.ts";
import { currentLinkOf, linkOf, pastLinkOf } from "./layout.ts";
import { findIndex } from "./referrers-list.ts";
import { currentDigest, type RepositoryExport, writeLink, writeRevision } from "./repository-export.ts";

const PAGE_SUBJECTS = 500;
/** Each may bring annotations of some MiB. */
const PAGE_REFERRERS = 16;

/**
 * Writes what refers to each manifest as an index under a tag that is made of its digest: registry:2 tells it in no other way, and
 * clients look there. A tag of that name that somebody has pushed here stays theirs.
 * @spec OCI distribution-spec, "Referrers Tag Schema"
 */
export async function exportReferrers(target: RepositoryExport): Promise<void> {
  const { reads, repositoryId } = target;
  const subjects = inPages(PAGE_SUBJECTS, String, (page) => listSubjects(reads, repositoryId, page));
  for await (const subject of subjects as AsyncIterable<Digest>) {
    const tag = referrersTagOf(subject);
    if (!(await findTag(reads, repositoryId, tag))) await exportList(target, subject, tag);
  }
}

async function exportList(target: RepositoryExport, subject: Digest, tag: Tag): Promise<void> {
  const { name, tally } = target;
  const own = await ownReferrers(target, subject);
  const manifests = [...own, ...(await addedByOthers(target, tag, own))];
  const body = new TextEncoder().encode(JSON.stringify({ schemaVersion: 2, mediaType: OCI_IMAGE_INDEX, manifests }));
  if (body.byteLength > MAX_MANIFEST_BYTES) {
    const reason = `${manifests.length} manifests refer to ${subject}, more than an index may name`;
    target.onDamage({ repository: name, reference: tag, reason, isIndexed: false });
    return;
  }
  const digest = digestOf(body);
  await writeRevision(target, digest, body);
  await writeLink(target, pastLinkOf(name, tag, digest), digest);
  await writeLink(target, currentLinkOf(name, tag), digest);
  tally.referrerLists++;
}

async function ownReferrers(
  { reads, name }: RepositoryExport,
  subject: Digest,
): Promise<readonly ReferrerDescriptor[]> {
  const found: ReferrerDescriptor[] = [];
  const rows = inPages(
    PAGE_REFERRERS,
    ({ digest }: Referrer) => digest,
    (page) => listReferrers(reads, { repository: name, subject, ...page }),
  );
  for await (const row of rows) found.push(describeReferrer(row));
  return found;
}

/** What clients of registry:2 have put into its list since, unless registry:2's files give way. */
async function addedByOthers(
  { storage, name, prune }: RepositoryExport,
  tag: Tag,
  own: readonly ReferrerDescriptor[],
): Promise<readonly unknown[]> {
  const digest = prune ? undefined : await currentDigest(storage, currentLinkOf(name, tag));
  const index = digest && (await findIndex(storage, digest));
  if (!index) return [];
  const known = new Set<string>(own.map((each) => each.digest));
  const { manifests } = JSON.parse(new TextDecoder().decode(index.body)) as { readonly manifests: readonly Listed[] };
  const others: unknown[] = [];
  for (const listed of manifests)
    if (!known.has(listed.digest) && (await storage.stat(linkOf(name, "_manifests/revisions", listed.digest))))
      others.push(listed);
  return others;
}

/** A descriptor as it stands there, which goes on as it is. */
interface Listed {
  readonly digest: Digest;
}
