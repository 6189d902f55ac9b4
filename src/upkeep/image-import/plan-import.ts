import {
  type Descriptor,
  type Digest,
  hasDigest,
  isManifestMediaType,
  isNonDistributable,
  type Manifest,
  MAX_MANIFEST_BYTES,
  parseManifest,
  RegistryError,
  type RepositoryName,
  type Tag,
} from "../../oci/index.ts";
import { ArchiveError } from "../archive/archive-error.ts";
import type { ImageArchive } from "./image-archive.ts";
import type { PlacedRoot } from "./place-roots.ts";

/** What comes into one repository. */
export interface RepositoryPlan {
  readonly repository: RepositoryName;
  /** Each behind those that it names. */
  readonly manifests: ReadonlyMap<Digest, PlannedManifest>;
  readonly blobs: ReadonlyMap<Digest, PlannedBlob>;
  /** Children of indexes that the archive does not have; the registry may have them, or may not need them. */
  readonly absent: ReadonlyMap<Digest, Descriptor>;
}

export interface PlannedManifest {
  readonly mediaType: string;
  readonly tags: Set<Tag>;
  /** Whether the archive offers it by itself. */
  isRoot: boolean;
}

export interface PlannedBlob {
  readonly sizeBytes: number;
  /** Its licence may forbid that it is there. */
  readonly mayBeAbsent: boolean;
}

const MOST_MANIFESTS = 100_000;
const MOST_NESTED = 32;

type Named = Pick<Descriptor, "digest" | "mediaType" | "sizeBytes">;

/**
 * Reads all manifests of an archive, verifies them, and says what comes where. Holds digests, not content.
 * @throws ArchiveError
 */
export async function planImport(
  archive: ImageArchive,
  roots: readonly PlacedRoot[],
): Promise<readonly RepositoryPlan[]> {
  const plans = new Map<RepositoryName, RepositoryPlanner>();
  const tagged = new Map<string, Digest>();
  for (const { repository, tag, ...root } of roots) {
    const planner = plans.get(repository) ?? new RepositoryPlanner(archive, repository);
    plans.set(repository, planner);
    const other = tag === undefined ? undefined : tagged.get(`${repository}:${tag}`);
    if (other !== undefined && other !== root.digest)
      throw new ArchiveError(`it has two images that are called ${repository}:${tag}`);
    if (tag !== undefined) tagged.set(`${repository}:${tag}`, root.digest);
    await planner.add(root, 0);
    planner.setRoot(root.digest, tag);
  }
  return [...plans.values()];
}

class RepositoryPlanner implements RepositoryPlan {
  readonly repository: RepositoryName;
  readonly manifests = new Map<Digest, PlannedManifest>();
  readonly blobs = new Map<Digest, PlannedBlob>();
  readonly absent = new Map<Digest, Descriptor>();
  readonly #archive: ImageArchive;

  constructor(archive: ImageArchive, repository: RepositoryName) {
    this.#archive = archive;
    this.repository = repository;
  }

  setRoot(digest: Digest, tag: Tag | undefined): void {
    const manifest = this.manifests.get(digest);
    if (!manifest) return;
    manifest.isRoot = true;
    if (tag !== undefined) manifest.tags.add(tag);
  }

  /** Adds a manifest behind all that it names. */
  async add(named: Named, depth: number): Promise<void> {
    if (this.manifests.has(named.digest)) return;
    if (depth > MOST_NESTED) throw new ArchiveError(`its indexes are nested more than ${MOST_NESTED} deep`);
    if (this.manifests.size >= MOST_MANIFESTS) throw new ArchiveError(`it has more than ${MOST_MANIFESTS} manifests`);
    const manifest = await readManifest(this.#archive, named);
    for (const child of manifest.manifests) await this.#addChild(child, depth);
    for (const blob of manifest.blobs) this.#addBlob(blob);
    this.manifests.set(named.digest, { mediaType: manifest.mediaType, tags: new Set(), isRoot: false });
  }

  async #addChild(child: Descriptor, depth: number): Promise<void> {
    // Build caches are indexes of layers.
    if (!isManifestMediaType(child.mediaType)) this.#addBlob(child);
    else if (await this.#archive.open(child.digest)) await this.add(child, depth + 1);
    else this.absent.set(child.digest, child);
  }

  #addBlob({ digest, sizeBytes, mediaType }: Descriptor): void {
    const known = this.blobs.get(digest);
    if (known && known.sizeBytes !== sizeBytes)
      throw new ArchiveError(`its manifests do not agree on the size of ${digest}`);
    const mayBeAbsent = isNonDistributable(mediaType) && (known?.mayBeAbsent ?? true);
    this.blobs.set(digest, { sizeBytes, mayBeAbsent });
  }
}

async function readManifest(archive: ImageArchive, { digest, mediaType, sizeBytes }: Named): Promise<Manifest> {
  const body = await readManifestBytes(archive, digest);
  if (body.byteLength !== sizeBytes)
    throw new ArchiveError(`manifest ${digest} has ${body.byteLength} bytes, not the ${sizeBytes} that are announced`);
  try {
    return parseManifest(body, mediaType);
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error;
    throw new ArchiveError(`manifest ${digest} is refused: ${error.message}`, { cause: error });
  }
}

/**
 * The bytes of a manifest that an archive has, verified.
 * @throws ArchiveError
 */
export async function readManifestBytes(archive: ImageArchive, digest: Digest): Promise<Uint8Array> {
  const file = await archive.open(digest);
  if (!file) throw new ArchiveError(`manifest ${digest} is missing`);
  if (file.size > MAX_MANIFEST_BYTES)
    throw new ArchiveError(`manifest ${digest} has ${file.size} bytes, more than a manifest may have`);
  const body = await file.bytes();
  if (!hasDigest(body, digest)) throw new ArchiveError(`manifest ${digest} is damaged: its bytes have another digest`);
  return body;
}
