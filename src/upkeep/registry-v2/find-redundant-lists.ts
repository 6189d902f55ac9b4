import { type Digest, referrersTagOf, subjectsOfReferrersTag } from "../../oci/index.ts";
import type { StorageDriver, StoredObject } from "../../storage/index.ts";
import { DamageError } from "./damage.ts";
import { linkOf, pastDigestOfLink, prefixOfLinks, tagBehind, tagOfLink } from "./layout.ts";
import { readLink } from "./read-link.ts";
import { readManifest } from "./read-manifest.ts";
import { findIndex } from "./referrers-list.ts";
import type { RepositoryImport } from "./repository-import.ts";

/** Of a list: its tag → its digest. */
export type RedundantLists = ReadonlyMap<string, Digest>;

/**
 * The lists of referrers that clients keep under tags where the registry has none, as far as each names only manifests of the
 * repository that say the same of themselves. Berth makes such lists when it is asked, and needs no content for them.
 */
export async function findRedundantLists(target: Pick<RepositoryImport, "storage" | "name">): Promise<RedundantLists> {
  const lists = new Map<string, Digest>();
  for await (const link of tagLinks(target)) {
    const tag = tagOfLink(link.key, prefixOfLinks(target.name, "_manifests/tags"));
    if (tag === undefined || subjectsOfReferrersTag(tag) === undefined) continue;
    const digest = await soundly(() => readLink(target.storage, link));
    if (digest && (await isRedundant(target, tag, digest))) lists.set(tag, digest);
  }
  return lists.size === 0 ? lists : withoutOthers(target, lists);
}

function tagLinks({ storage, name }: Pick<RepositoryImport, "storage" | "name">): AsyncIterable<StoredObject> {
  return storage.iterate(prefixOfLinks(name, "_manifests/tags"));
}

async function isRedundant(
  { storage, name }: Pick<RepositoryImport, "storage" | "name">,
  tag: string,
  digest: Digest,
): Promise<boolean> {
  const index = await findIndex(storage, digest);
  if (!index) return false;
  for (const { digest: child } of index.manifest.manifests) {
    if (!(await storage.stat(linkOf(name, "_manifests/revisions", child)))) return false;
    if (!(await refersUnder(storage, tag, child))) return false;
  }
  return true;
}

async function refersUnder(storage: StorageDriver, tag: string, digest: Digest): Promise<boolean> {
  const subject = (await soundly(() => readManifest(storage, digest)))?.manifest.subject?.digest;
  return subject !== undefined && referrersTagOf(subject) === tag;
}

/** Without those that another tag points at, or did: then they are content like any other. */
async function withoutOthers(
  target: Pick<RepositoryImport, "storage" | "name">,
  lists: ReadonlyMap<string, Digest>,
): Promise<RedundantLists> {
  const prefix = prefixOfLinks(target.name, "_manifests/tags");
  const elsewhere = new Set<string>();
  const digests = new Set<string>(lists.values());
  for await (const { key } of tagLinks(target)) {
    const past = pastDigestOfLink(key, prefix);
    const tag = tagBehind(key, prefix);
    if (past !== undefined && tag !== undefined && digests.has(past) && lists.get(tag) !== past) elsewhere.add(past);
  }
  return new Map([...lists].filter(([, digest]) => !elsewhere.has(digest)));
}

/** Damage is told by who takes the content over. */
async function soundly<Result>(work: () => Promise<Result>): Promise<Result | undefined> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof DamageError) return undefined;
    throw error;
  }
}
