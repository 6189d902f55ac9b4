import {
  findBlobId,
  findUnlinkedBlobs,
  findMissingManifests,
  linkBlob,
  listManifests,
  listNodesSaying,
  putBlob,
  recountQuota,
  repairManifestIndex,
  type StoredManifest,
} from "../../metadata/index.ts";
import {
  type Digest,
  hasDigest,
  isManifestMediaType,
  isNonDistributable,
  type Manifest,
  parseStoredManifest,
  RegistryError,
} from "../../oci/index.ts";
import { blobKeyOf, type Registry } from "../../registry/index.ts";
import type { CorrectedQuota } from "./correct-quotas.ts";
import { type BlobReader, inspectBlob } from "./inspect-blob.ts";
import { ReadRate } from "./read-rate.ts";

export interface IndexRepair {
  readonly registry: Registry;
  readonly bytesPerSecond: number;
  readonly signal: AbortSignal;
}

export interface RepairedIndex {
  /** Those that were looked at. */
  readonly manifests: number;
  /** Manifests with a wrong media type, artifact type, subject, size or annotations in their columns. */
  readonly columns: number;
  /** Manifests whose references were wrong. */
  readonly references: number;
  /** Blobs of which storage had the bytes and the database no row. */
  readonly blobs: number;
  /** Blobs that a manifest names and its repository had not. */
  readonly links: number;
  /** What is named and could not be found; a push brings it back. */
  readonly unresolved: number;
  /** Quotas whose recorded use differed from what was counted. */
  readonly quotas: readonly CorrectedQuota[];
}

const PAGE = 8;

/**
 * Makes the rows that follow from manifests what the manifests say, where their bytes have their digest. Bytes of a blob are
 * read before they get a row. Ends early when the signal is aborted; it may be run again.
 *
 * A blob is linked to the repository whose manifest names it only where pushes are checked for that: where they are not,
 * naming another repository's blob would be a way to get it.
 * @throws StorageError, MetadataError
 */
export async function repairIndex(repair: IndexRepair): Promise<RepairedIndex> {
  const { registry, signal, bytesPerSecond } = repair;
  const { storage, hashPool, clock } = registry;
  const rate = new ReadRate({ bytesPerSecond, clock });
  const run = new RepairRun(registry, { storage, hashPool, rate, signal, onRead: () => Promise.resolve() });
  try {
    await run.repairAll(signal);
    await run.recountQuotas(signal);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  return run.repaired;
}

class RepairRun {
  readonly repaired = {
    manifests: 0,
    columns: 0,
    references: 0,
    blobs: 0,
    links: 0,
    unresolved: 0,
    quotas: [] as CorrectedQuota[],
  };
  readonly #registry: Registry;
  readonly #reader: BlobReader;

  constructor(registry: Registry, reader: BlobReader) {
    this.#registry = registry;
    this.#reader = reader;
  }

  async repairAll(signal: AbortSignal): Promise<void> {
    for (let afterId: number | undefined = 0; afterId !== undefined;) {
      const page: readonly StoredManifest[] = await listManifests(this.#registry.metadata.reads, afterId, PAGE);
      for (const stored of page) {
        signal.throwIfAborted();
        await this.#repair(stored);
      }
      afterId = page.at(-1)?.id;
    }
  }

  /** Each in a transaction of its own, as pushes wait meanwhile. */
  async recountQuotas(signal: AbortSignal): Promise<void> {
    const { metadata } = this.#registry;
    for (const path of await listNodesSaying(metadata.reads, "quota")) {
      signal.throwIfAborted();
      const corrected = await metadata.transaction((queries) => recountQuota(queries, path));
      if (corrected) this.repaired.quotas.push({ path, ...corrected });
    }
  }

  async #repair(stored: StoredManifest): Promise<void> {
    const manifest = hasDigest(stored.body, stored.digest) ? parseOrNone(stored) : undefined;
    if (!manifest) return;
    const { metadata, options } = this.#registry;
    const changes = await metadata.transaction((queries) => repairManifestIndex(queries, stored, manifest), {
      durable: false,
    });
    this.repaired.manifests += 1;
    this.repaired.columns += changes.columns ? 1 : 0;
    this.repaired.references += changes.references ? 1 : 0;
    if (!options.validation.enabled) return;
    for (const digest of await this.#missingBlobs(stored, manifest)) await this.#link(stored, digest);
  }

  async #missingBlobs({ repositoryId }: StoredManifest, manifest: Manifest): Promise<readonly Digest[]> {
    const { reads } = this.#registry.metadata;
    const blobs = manifest.blobs.filter(({ mediaType }) => !isNonDistributable(mediaType)).map(({ digest }) => digest);
    // Indexes that are build caches name layers.
    const layers = manifest.manifests.filter(({ mediaType }) => !isManifestMediaType(mediaType));
    const notManifests = await findMissingManifests(
      reads,
      repositoryId,
      layers.map(({ digest }) => digest),
    );
    return findUnlinkedBlobs(reads, repositoryId, [...new Set([...blobs, ...notManifests])]);
  }

  async #link({ repositoryId }: StoredManifest, digest: Digest): Promise<void> {
    const { metadata, clock } = this.#registry;
    const nowMs = clock.nowMs();
    const known = await findBlobId(metadata.reads, digest);
    const sizeBytes = known === undefined ? await this.#sizeOfStored(digest) : undefined;
    if (known === undefined && sizeBytes === undefined) {
      this.repaired.unresolved += 1;
      return;
    }
    await metadata.transaction(async (queries) => {
      const found = sizeBytes === undefined ? undefined : { digest, sizeBytes, storageKey: blobKeyOf(digest) };
      const blobId = found
        ? await putBlob(queries, { ...found, createdAtMs: nowMs, isVerified: true })
        : await findBlobId(queries, digest);
      if (blobId !== undefined) await linkBlob(queries, repositoryId, blobId, nowMs);
    });
    this.repaired.blobs += known === undefined ? 1 : 0;
    this.repaired.links += 1;
  }

  /** @returns `undefined` unless storage has the bytes and they are what the digest says */
  async #sizeOfStored(digest: Digest): Promise<number | undefined> {
    const found = await inspectBlob(this.#reader, { digest, storageKey: blobKeyOf(digest), sizeBytes: 0 });
    return found.kind === "good" ? found.sizeBytes : undefined;
  }
}

function parseOrNone({ body, mediaType }: StoredManifest): Manifest | undefined {
  try {
    return parseStoredManifest(body, mediaType);
  } catch (error) {
    if (error instanceof RegistryError) return undefined;
    throw error;
  }
}
