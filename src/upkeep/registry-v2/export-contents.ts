import {
  isManifestLost,
  listRepositoryBlobs,
  listRepositoryManifests,
  listTaggedManifests,
  type Queries,
  type RepositoryManifest,
  type StoredBlob,
  type TaggedManifest,
} from "../../metadata/index.ts";
import { type Digest, digestFromHex, hasDigest } from "../../oci/index.ts";
import { keyOf } from "../../registry/index.ts";
import { copyBlob } from "../backup/copy-blobs.ts";
import { inPages } from "../in-pages.ts";
import { inParallel } from "../in-parallel.ts";
import { currentLinkOf, linkOf, pastLinkOf } from "./layout.ts";
import { currentDigest, type RepositoryExport, writeLink, writeRevision } from "./repository-export.ts";

/** Files that are looked at or written at once. */
const MOST_AT_ONCE = 16;
const MOST_COPIES_AT_ONCE = 4;
const PAGE_ROWS = 500;
/** Each may have 4 MiB. */
const PAGE_MANIFESTS = 16;

/** Says which blobs the repository has. */
export async function exportBlobs(target: RepositoryExport): Promise<void> {
  const { reads, repositoryId } = target;
  const blobs = iterateBlobsOf(reads, repositoryId);
  const mostAtOnce = target.source ? MOST_COPIES_AT_ONCE : MOST_AT_ONCE;
  await all(inParallel(blobs, mostAtOnce, (blob) => exportBlob(target, blob)));
}

export function iterateBlobsOf(reads: Queries, repositoryId: number): AsyncIterable<StoredBlob> {
  const digestOfRow = ({ digest }: StoredBlob) => digest;
  return inPages(PAGE_ROWS, digestOfRow, (page) => listRepositoryBlobs(reads, repositoryId, page));
}

export async function exportBlob(target: RepositoryExport, blob: StoredBlob): Promise<void> {
  const { digest } = blob;
  if (blob.lostReason !== null || !(await isInPlace(target, blob))) {
    reportLost(target, digest, "the bytes of this blob are missing or damaged");
    return;
  }
  await writeLink(target, linkOf(target.name, "_layers", digest), digestInStorage(blob));
  target.tally.blobs++;
}

/** Whether the bytes are where registry:2 looks for them; they are copied there if they come from elsewhere. */
async function isInPlace({ storage, source, tally }: RepositoryExport, blob: StoredBlob): Promise<boolean> {
  if (!source) return (await storage.stat(keyOf(blob)))?.sizeBytes === blob.sizeBytes;
  const outcome = await copyBlob(blob, { ...source, to: storage });
  source.onPlaced?.(blob.sizeBytes);
  if (outcome === "copied") tally.written++;
  return outcome !== "missing";
}

/** The digest under which the bytes lie: what registry:2 took under sha512 it filed under sha256. */
function digestInStorage({ digest, storageKey }: StoredBlob): Digest {
  const [, algorithm, hex] = /\/(sha256|sha512)\/[0-9a-f]{2}\/([0-9a-f]+)\/data$/.exec(storageKey) ?? [];
  if (hex === undefined || (algorithm !== "sha256" && algorithm !== "sha512")) return digest;
  return digestFromHex(algorithm, hex);
}

/** Writes the bytes of the repository's manifests, tagged or not, where registry:2 reads them, and says that it has them. */
export async function exportManifests(target: RepositoryExport): Promise<void> {
  const { reads, repositoryId } = target;
  const digestOfRow = ({ digest }: RepositoryManifest) => digest;
  const manifests = inPages(PAGE_MANIFESTS, digestOfRow, (page) => listRepositoryManifests(reads, repositoryId, page));
  await all(inParallel(manifests, MOST_AT_ONCE, (manifest) => exportManifest(target, manifest)));
}

export async function exportManifest(target: RepositoryExport, manifest: RepositoryManifest): Promise<void> {
  const { digest, body } = manifest;
  if (isManifestLost(manifest) || !hasDigest(body, digest)) {
    reportLost(target, digest, "the bytes of this manifest are damaged");
    return;
  }
  await writeRevision(target, digest, body);
  target.tally.manifests++;
}

/** Says where the repository's tags point, once its manifests are there. */
export async function exportTags(target: RepositoryExport): Promise<void> {
  const { reads, repositoryId } = target;
  const nameOfRow = ({ tag }: TaggedManifest) => tag;
  const tags = inPages(PAGE_ROWS, nameOfRow, (page) => listTaggedManifests(reads, repositoryId, page));
  await all(inParallel(tags, MOST_AT_ONCE, (tag) => exportTag(target, tag)));
}

export async function exportTag(target: RepositoryExport, tagged: TaggedManifest): Promise<void> {
  const { tag, digest } = tagged;
  if (isManifestLost(tagged)) {
    reportLost(target, tag, `it points at ${digest}, whose bytes are damaged`);
    return;
  }
  const key = currentLinkOf(target.name, tag);
  if (!target.prune && (await wasMovedLater(target, tagged))) {
    target.onKept({ repository: target.name, reference: tag, reason: "moved-later" });
    return;
  }
  await writeLink(target, pastLinkOf(target.name, tag, digest), digest);
  await writeLink(target, key, digest);
  target.tally.tags++;
}

/** Whether registry:2 has moved the tag since Berth did: then its images are to be imported first. */
async function wasMovedLater({ storage, name }: RepositoryExport, tagged: TaggedManifest): Promise<boolean> {
  const key = currentLinkOf(name, tagged.tag);
  const found = await storage.stat(key);
  if (!found || found.modifiedAtMs <= tagged.movedAtMs) return false;
  const digest = await currentDigest(storage, key);
  return digest !== undefined && digest !== tagged.digest;
}

function reportLost({ name, onDamage }: RepositoryExport, reference: string, reason: string): void {
  onDamage({ repository: name, reference, reason, isIndexed: false });
}

async function all(steps: AsyncIterable<void>): Promise<void> {
  for await (const _ of steps);
}
