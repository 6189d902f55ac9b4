import {
  findMissingManifests,
  findRepositoryId,
  findTag,
  findUnlinkedBlobs,
  hasReferrers,
  isWhollyImported,
  type Queries,
} from "../../metadata/index.ts";
import { type Digest, isDigest, isRepositoryName, isTag, subjectsOfReferrersTag, type Tag } from "../../oci/index.ts";
import { blobKeyOf } from "../../registry/index.ts";
import type { StorageDriver, StorageKey, StoredObject } from "../../storage/index.ts";
import { inBatches } from "../in-parallel.ts";
import { currentLinkOf, digestOfLink, type LinkFolder, prefixOfLinks, tagBehind, tagOfLink } from "./layout.ts";
import { findIndex, judgeList } from "./referrers-list.ts";
import { currentDigest, type KeptLink } from "./repository-export.ts";

export interface UnknownLinks {
  readonly reads: Queries;
  readonly storage: StorageDriver;
  /** As it was found: it may not be a valid name. */
  readonly repository: string;
  /** Also those whose bytes are there: registry:2 may have taken them in after the last import. */
  readonly prune: boolean;
  /** Nothing there waits to be taken over: exports have written it. */
  readonly isCopy?: boolean | undefined;
  readonly onKept: (kept: KeptLink) => void;
}

/**
 * Removes registry:2's links to what Berth does not hold: those whose bytes are gone, since nobody can pull them any more, or all.
 * @returns how many were removed
 */
export async function removeUnknownLinks(unknown: UnknownLinks): Promise<number> {
  const { reads, storage, repository } = unknown;
  const id = isRepositoryName(repository) ? await findRepositoryId(reads, repository) : undefined;
  // Of what was never taken over, or not all of it, Berth cannot say that it is not wanted.
  const isWhole = isRepositoryName(repository) && (await isWhollyImported(reads, repository));
  const prune = unknown.prune && (unknown.isCopy === true || isWhole);
  let removed = 0;
  for (const folder of ["_manifests/tags", "_manifests/revisions", "_layers"] as const) {
    const links = storage.iterate(prefixOfLinks(repository, folder));
    for await (const batch of inBatches(links, { mostItems: 500 })) {
      for (const link of await findUnknownLinks(unknown, { id, folder }, batch)) {
        if (await removeOrKeep({ ...unknown, prune }, folder, link)) removed++;
      }
    }
  }
  return removed;
}

interface Folder {
  /** `undefined`: Berth has no such repository. */
  readonly id: number | undefined;
  readonly folder: LinkFolder;
}

/** Of the links those to what Berth does not hold in the repository of this number. */
export async function findUnknownLinks(
  { reads, repository }: Pick<UnknownLinks, "reads" | "repository">,
  { id, folder }: Folder,
  links: readonly StoredObject[],
): Promise<readonly StorageKey[]> {
  const prefix = prefixOfLinks(repository, folder);
  const keys = links.map(({ key }) => key).filter((key) => key.endsWith("/link"));
  if (id === undefined) return keys;
  if (folder === "_manifests/tags") return findUnknownTags(reads, id, { keys, prefix });
  const named = keys.map((key) => [key, digestOfLink(key, prefix) ?? ""] as const);
  const digests = named.map(([, text]) => text).filter(isDigest);
  const find = folder === "_layers" ? findUnlinkedBlobs : findMissingManifests;
  const missing: ReadonlySet<string> = new Set(await find(reads, id, digests));
  return named.filter(([, text]) => missing.has(text)).map(([key]) => key);
}

interface TagLinks {
  readonly keys: readonly StorageKey[];
  readonly prefix: string;
}

async function findUnknownTags(reads: Queries, id: number, { keys, prefix }: TagLinks): Promise<readonly StorageKey[]> {
  const unknown: StorageKey[] = [];
  const known = new Map<string, boolean>();
  for (const key of keys) {
    const tag = tagBehind(key, prefix);
    if (tag === undefined) continue;
    const isKnown = known.get(tag) ?? (isTag(tag) && (await isTagKnown(reads, id, tag)));
    known.set(tag, isKnown);
    if (!isKnown) unknown.push(key);
  }
  return unknown;
}

/** A list of referrers is written for registry:2 alone. */
async function isTagKnown(reads: Queries, id: number, tag: Tag): Promise<boolean> {
  if (await findTag(reads, id, tag)) return true;
  const subjects = subjectsOfReferrersTag(tag);
  return subjects !== undefined && hasReferrers(reads, id, subjects);
}

/** Whether a revision is a list of referrers that says nothing which Berth does not know, or that stands where clients look. */
async function isOwnList({ reads, storage, repository }: UnknownLinks, key: StorageKey): Promise<boolean> {
  if (!isRepositoryName(repository)) return false;
  const digest = await currentDigest(storage, key);
  const id = await findRepositoryId(reads, repository);
  const index = digest && id !== undefined ? await findIndex(storage, digest) : undefined;
  if (!index || id === undefined) return false;
  const { tag, isRedundant } = await judgeList(reads, id, index.manifest);
  return (
    isRedundant || (tag !== undefined && (await currentDigest(storage, currentLinkOf(repository, tag))) === digest)
  );
}

/** @returns whether it was removed */
async function removeOrKeep(unknown: UnknownLinks, folder: LinkFolder, key: StorageKey): Promise<boolean> {
  const { storage, prune, repository } = unknown;
  if (folder === "_manifests/revisions" && (await isOwnList(unknown, key))) return false;
  if (prune || (await areBytesGone(storage, key))) {
    await storage.remove(key);
    return true;
  }
  const prefix = prefixOfLinks(repository, folder);
  // A tag is told once, a blob with its manifest.
  const reference = folder === "_manifests/tags" ? tagOfLink(key, prefix) : digestOfLink(key, prefix);
  if (reference !== undefined && folder !== "_layers") unknown.onKept({ repository, reference, reason: "unknown" });
  return false;
}

async function areBytesGone(storage: StorageDriver, key: StorageKey): Promise<boolean> {
  const digest: Digest | undefined = await currentDigest(storage, key);
  return digest !== undefined && (await storage.stat(blobKeyOf(digest))) === undefined;
}
