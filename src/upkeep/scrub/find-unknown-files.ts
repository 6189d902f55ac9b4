import { enterUnneededBlob, isPartlyImported, listUnknownContent } from "../../metadata/index.ts";
import { type Digest, isDigest } from "../../oci/index.ts";
import { blobKeyOf, BLOBS_FOLDER, type Registry } from "../../registry/index.ts";
import type { StorageKey, StoredObject } from "../../storage/index.ts";
import { inBatches } from "../in-parallel.ts";

export interface UnknownFilesSearch {
  readonly registry: Pick<Registry, "metadata" | "storage" | "clock">;
  /** Makes them blobs that no repository has. */
  readonly isToEnter: boolean;
  readonly signal: AbortSignal;
}

/** What lies below `blobs/` and is on no record. */
export interface UnknownFiles {
  readonly files: number;
  readonly bytes: number;
  /** The first twenty. */
  readonly first: readonly Digest[];
  readonly isEntered: boolean;
}

const MOST_NAMED = 20;
const BATCH = 2000;

/**
 * Finds files below `blobs/` that the database knows nothing of, as after a restore of an older one, or a crash between bytes and rows.
 * What is entered is judged by clean-up like a blob that has lost its last repository, with all the time that such a one has; a push that
 * is under way gets it. Nothing is entered where an import left something out, which may need it. Ends early when the signal is aborted.
 * @throws StorageError, MetadataError
 */
export async function findUnknownFiles({ registry, isToEnter, signal }: UnknownFilesSearch): Promise<UnknownFiles> {
  const { metadata, storage } = registry;
  const isEntered = isToEnter && !(await isPartlyImported(metadata.reads));
  const tally = { files: 0, bytes: 0, first: [] as Digest[], isEntered };
  for await (const batch of inBatches(storage.iterate(`${BLOBS_FOLDER}/`), { mostItems: BATCH })) {
    if (signal.aborted) return tally;
    const files = await findUnknown(registry, batch.flatMap(asLying));
    for (const { digest, sizeBytes } of files) {
      tally.files += 1;
      tally.bytes += sizeBytes;
      if (tally.first.length < MOST_NAMED) tally.first.push(digest);
    }
    if (isEntered && files.length > 0) await enter(registry, files);
  }
  return tally;
}

interface LyingFile {
  readonly digest: Digest;
  readonly storageKey: StorageKey;
  readonly sizeBytes: number;
}

/** Nothing for what is not where a blob would be. */
function asLying({ key, sizeBytes }: StoredObject): readonly LyingFile[] {
  const [algorithm, , hex] = key.slice(BLOBS_FOLDER.length + 1).split("/");
  const digest = `${algorithm}:${hex}`;
  return isDigest(digest) && blobKeyOf(digest) === key ? [{ digest, storageKey: key, sizeBytes }] : [];
}

async function findUnknown(
  { metadata, storage }: UnknownFilesSearch["registry"],
  lying: readonly LyingFile[],
): Promise<readonly LyingFile[]> {
  const unknown = await listUnknownContent(metadata.reads, lying);
  const files: LyingFile[] = [];
  // Clean-up may have taken it away meanwhile, and its row with it.
  for (const file of lying) if (unknown.has(file.digest) && (await storage.stat(file.storageKey))) files.push(file);
  return files;
}

const AT_ONCE = 100;

async function enter({ metadata, clock }: UnknownFilesSearch["registry"], files: readonly LyingFile[]): Promise<void> {
  for (let from = 0; from < files.length; from += AT_ONCE)
    await metadata.transaction(async (queries) => {
      const createdAtMs = clock.nowMs();
      for (const file of files.slice(from, from + AT_ONCE)) await enterUnneededBlob(queries, { ...file, createdAtMs });
    });
}
