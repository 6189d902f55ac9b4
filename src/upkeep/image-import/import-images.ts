import { type ActOrigin, findBlob, findMissingManifests, findRepositoryId } from "../../metadata/index.ts";
import { algorithmOf, type Digest, parseReference, type RepositoryName, type Tag } from "../../oci/index.ts";
import {
  mountBlob,
  notingRefusals,
  putManifest,
  putWholeBlob,
  type Registry,
  requireWritable,
} from "../../registry/index.ts";
import { ArchiveError } from "../archive/archive-error.ts";
import { digestOfFile } from "../archive/digest-of-file.ts";
import type { ImageArchive, ImageName } from "./image-archive.ts";
import { placeRoots } from "./place-roots.ts";
import { planImport, type PlannedBlob, readManifestBytes, type RepositoryPlan } from "./plan-import.ts";

export interface ImageImport {
  readonly registry: Registry;
  readonly archive: ImageArchive;
  /** Where all images go; absent: where their names say. */
  readonly to?: ImageName | undefined;
  /** Who does it, for the audit trail. */
  readonly by: ActOrigin;
  readonly signal: AbortSignal;
  readonly onProgress?: ((progress: ImportProgress) => void) | undefined;
}

export interface ImportProgress {
  readonly step: "verify" | "store";
  readonly doneBytes: number;
  readonly totalBytes: number;
}

export interface ImportedImage {
  readonly repository: RepositoryName;
  readonly digest: Digest;
  readonly tags: readonly Tag[];
}

export interface ImageImportSummary {
  /** What the archive offers by itself. */
  readonly images: readonly ImportedImage[];
  readonly manifests: number;
  /** Those that the registry did not have. */
  readonly newBlobs: number;
  readonly newBytes: number;
}

/**
 * Brings the images of an archive in. All content is verified first, then blobs are stored, then manifests are pushed, each behind those
 * that it names: what is wrong with an archive shows before anything of it can be seen. It may be run again.
 * @throws ArchiveError, RegistryError, StorageError, MetadataError
 */
export function importImages(task: ImageImport): Promise<ImageImportSummary> {
  return notingRefusals(task.registry.quotaRefusals, () => importNow(task));
}

async function importNow(task: ImageImport): Promise<ImageImportSummary> {
  await requireWritable(task.registry);
  const plans = await planImport(task.archive, placeRoots(task.archive.roots, task.to));
  if (plans.length === 0) throw new ArchiveError("it has no images");
  for (const plan of plans) await requireChildren(task.registry, plan);
  const fresh = await findNewBlobs(task, plans);
  // Storing verifies once more.
  if (!task.archive.isVerified) await verifyBlobs(task, fresh);
  await storeBlobs(task, plans, fresh);
  let manifests = 0;
  for (const plan of plans) manifests += await pushManifests(task, plan);
  return { images: plans.flatMap(imagesOf), manifests, newBlobs: fresh.size, newBytes: bytesOf(fresh) };
}

type Blobs = ReadonlyMap<Digest, PlannedBlob>;

/** An index may come without some of its children only where a push of it could, too. */
async function requireChildren({ metadata, options }: Registry, { repository, absent }: RepositoryPlan): Promise<void> {
  if (absent.size === 0 || !options.validation.enabled || options.validation.requiredPlatforms === "none") return;
  const id = await findRepositoryId(metadata.reads, repository);
  const digests = [...absent.keys()];
  const missing = id === undefined ? digests : await findMissingManifests(metadata.reads, id, digests);
  if (missing.length === 0) return;
  const more = missing.length > 1 ? ` and ${missing.length - 1} more` : "";
  throw new ArchiveError(
    `an index names manifest ${missing[0]}${more}, which is neither in it nor in ${repository}: write all platforms into it, ` +
      "or set validation.manifests.indexes.platforms: none",
  );
}

/** Those that the registry does not have whole. */
async function findNewBlobs({ registry, archive }: ImageImport, plans: readonly RepositoryPlan[]): Promise<Blobs> {
  const fresh = new Map<Digest, PlannedBlob>();
  for (const [digest, blob] of plans.flatMap(({ blobs }) => [...blobs])) {
    if (fresh.has(digest)) continue;
    const known = await findBlob(registry.metadata.reads, digest);
    if (known && known.lostReason === null && known.sizeBytes === blob.sizeBytes) continue;
    const file = await archive.open(digest);
    if (!file && blob.mayBeAbsent) continue;
    if (!file) throw new ArchiveError(`blob ${digest} is missing`);
    if (file.size !== blob.sizeBytes)
      throw new ArchiveError(`blob ${digest} has ${file.size} bytes, not the ${blob.sizeBytes} that are announced`);
    fresh.set(digest, blob);
  }
  return fresh;
}

async function verifyBlobs(task: ImageImport, fresh: Blobs): Promise<void> {
  const totalBytes = bytesOf(fresh);
  let doneBytes = 0;
  const onBytes = (bytes: number) => {
    task.signal.throwIfAborted();
    doneBytes += bytes;
    task.onProgress?.({ step: "verify", doneBytes, totalBytes });
  };
  for (const digest of fresh.keys()) {
    task.signal.throwIfAborted();
    const actual = await digestOfFile(await openBlob(task.archive, digest), algorithmOf(digest), onBytes);
    if (actual !== digest) throw new ArchiveError(`blob ${digest} is damaged: its bytes have another digest`);
  }
}

async function storeBlobs(task: ImageImport, plans: readonly RepositoryPlan[], fresh: Blobs): Promise<void> {
  const totalBytes = bytesOf(fresh);
  let doneBytes = 0;
  const stored = new Set<Digest>();
  for (const { repository, blobs } of plans) {
    for (const [digest, { sizeBytes, mayBeAbsent }] of blobs) {
      task.signal.throwIfAborted();
      await storeBlob(task, { repository, digest, mayBeAbsent });
      if (!fresh.has(digest) || stored.has(digest)) continue;
      stored.add(digest);
      doneBytes += sizeBytes;
      task.onProgress?.({ step: "store", doneBytes, totalBytes });
    }
  }
}

interface BlobPlace {
  readonly repository: RepositoryName;
  readonly digest: Digest;
  readonly mayBeAbsent: boolean;
}

async function storeBlob({ registry, archive }: ImageImport, { repository, digest, mayBeAbsent }: BlobPlace) {
  // One that the repository has already is kept for as long as a new one.
  if (await mountBlob(registry, { repository, digest, mayPull: () => true })) return;
  if (mayBeAbsent && !(await archive.open(digest))) return;
  const body = (await openBlob(archive, digest)).stream();
  await putWholeBlob(registry, { repository, digest, body });
}

async function openBlob(archive: ImageArchive, digest: Digest): Promise<Blob> {
  const file = await archive.open(digest);
  if (!file) throw new ArchiveError(`blob ${digest} is missing`);
  return file;
}

/** @returns how many there are */
async function pushManifests(task: ImageImport, { repository, manifests }: RepositoryPlan): Promise<number> {
  for (const [digest, { mediaType, tags }] of manifests) {
    task.signal.throwIfAborted();
    const body = await readManifestBytes(task.archive, digest);
    const push = { repository, reference: parseReference(digest), tags: [...tags], contentType: mediaType };
    await putManifest(task.registry, { ...push, body, by: task.by });
  }
  return manifests.size;
}

function imagesOf({ repository, manifests }: RepositoryPlan): readonly ImportedImage[] {
  return [...manifests]
    .filter(([, { isRoot }]) => isRoot)
    .map(([digest, { tags }]) => ({ repository, digest, tags: [...tags] }));
}

function bytesOf(blobs: Blobs): number {
  return [...blobs.values()].reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}
