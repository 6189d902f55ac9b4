import { countContents, listBlobs, type Queries, type StoredBlob } from "../../metadata/index.ts";
import { algorithmOf, type Digest, hexOf } from "../../oci/index.ts";
import { keyOf } from "../../registry/index.ts";
import type { StorageDriver } from "../../storage/index.ts";
import { copyObject, hashObject } from "./copy-object.ts";
import { inPages } from "../in-pages.ts";
import { inParallel } from "../in-parallel.ts";

export interface BlobsCopy {
  readonly from: StorageDriver;
  readonly to: StorageDriver;
  readonly newId: () => string;
  readonly signal: AbortSignal;
  /** What is there already is read, too, and replaced if it is damaged. Absent: it is not. */
  readonly verifiesAll?: boolean;
  /** Hears of each blob that is in its place, or missing. */
  readonly onProgress?: ((progress: CopyProgress) => void) | undefined;
}

/** Of all blobs, also those that were there. */
export interface CopyProgress {
  readonly doneBytes: number;
  readonly totalBytes: number;
}

/** What became of the blobs of a database. */
export interface BlobsCopied {
  readonly blobs: number;
  /** Of those that are in their place. */
  readonly bytes: number;
  readonly copiedBlobs: number;
  readonly copiedBytes: number;
  /** Their bytes are not there, or not those of the digest. */
  readonly missing: readonly Digest[];
}

const BLOB_PAGE = 500;
const BLOBS_AT_ONCE = 4;

/**
 * Copies every blob that a database names and that is not there yet; each is verified on its way. A blob of the right size that
 * is there already was verified when it came, and is read again only if that is asked for.
 * @throws StorageError, or the reason of the aborted signal
 */
export async function copyBlobs(queries: Queries, copy: BlobsCopy): Promise<BlobsCopied> {
  const totalBytes = copy.onProgress ? (await countContents(queries)).blobBytes : 0;
  let doneBytes = 0;
  const copied = { blobs: 0, bytes: 0, copiedBlobs: 0, copiedBytes: 0, missing: [] as Digest[] };
  const results = inParallel(iterateBlobs(queries), BLOBS_AT_ONCE, async (blob) => {
    return { blob, outcome: await copyBlob(blob, copy) };
  });
  for await (const { blob, outcome } of results) {
    copied.blobs += 1;
    if (outcome === "missing") copied.missing.push(blob.digest);
    else copied.bytes += blob.sizeBytes;
    if (outcome === "copied") {
      copied.copiedBlobs += 1;
      copied.copiedBytes += blob.sizeBytes;
    }
    copy.onProgress?.({ doneBytes: (doneBytes += blob.sizeBytes), totalBytes });
  }
  return copied;
}

/** Copies a blob that is not there yet, durably and verified. One of its size was verified when it came, and is read again only if that is asked for. */
export async function copyBlob(
  blob: StoredBlob,
  { from, to, newId, signal, verifiesAll = false }: BlobsCopy,
): Promise<"there" | "copied" | "missing"> {
  signal.throwIfAborted();
  const key = keyOf(blob);
  const algorithm = algorithmOf(blob.digest);
  const isRight = (hex: string | undefined) => hex === hexOf(blob.digest);
  if ((await to.stat(key))?.sizeBytes === blob.sizeBytes) {
    if (!verifiesAll || isRight(await hashObject({ from: to, key, algorithm, signal }))) return "there";
  }
  const done = await copyObject({ from, to, key, uploadId: newId(), algorithm, signal }, isRight);
  return done ? "copied" : "missing";
}

/** The blobs of a database: all, or those that it knows to be lost. */
export function iterateBlobs(queries: Queries, { onlyLost = false } = {}): AsyncIterable<StoredBlob> {
  const digestOfRow = ({ digest }: StoredBlob) => digest;
  return inPages(BLOB_PAGE, digestOfRow, (page) => listBlobs(queries, { ...page, onlyLost }));
}
