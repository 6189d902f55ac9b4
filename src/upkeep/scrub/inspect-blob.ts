import type { StoredBlob, LossReason } from "../../metadata/index.ts";
import { algorithmOf, type Digest, digestFromHex } from "../../oci/index.ts";
import { keyOf } from "../../registry/index.ts";
import { errorCode, type HashPool } from "../../runtime/index.ts";
import { type StorageDriver, StorageError, type StoredObject } from "../../storage/index.ts";
import type { ReadRate } from "./read-rate.ts";

export interface BlobReader {
  readonly storage: StorageDriver;
  readonly hashPool: HashPool;
  readonly rate: ReadRate;
  readonly signal: AbortSignal;
  /** Hears of each piece that was read. */
  readonly onRead: (bytes: number) => Promise<void>;
}

export type Inspection =
  | { readonly kind: "good"; readonly sizeBytes: number }
  /** `seen` is the object as it was before its bytes were read; absent if there is none. */
  | { readonly kind: "lost"; readonly reason: LossReason; readonly seen?: StoredObject };

/**
 * Reads a blob's bytes piece by piece and compares their digest. What counts is the digest: a size on record that differs from
 * that of bytes with the right digest is itself wrong.
 * @throws StorageError, or the reason of the aborted signal; what else a read throws
 */
export async function inspectBlob(reader: BlobReader, blob: Omit<StoredBlob, "lostReason">): Promise<Inspection> {
  const seen = await reader.storage.stat(keyOf(blob));
  if (!seen) return { kind: "lost", reason: "missing" };
  try {
    const digest = await digestOfObject(reader, seen, blob.digest);
    if (digest === blob.digest) return { kind: "good", sizeBytes: seen.sizeBytes };
    return { kind: "lost", reason: seen.sizeBytes === blob.sizeBytes ? "wrong-digest" : "wrong-size", seen };
  } catch (error) {
    if (!isReadFault(error)) throw error;
    return { kind: "lost", reason: "unreadable", seen };
  }
}

/** @returns `undefined` if it was changed or removed meanwhile */
async function digestOfObject(reader: BlobReader, seen: StoredObject, wanted: Digest): Promise<Digest | undefined> {
  const { storage, hashPool, rate, signal, onRead } = reader;
  const algorithm = algorithmOf(wanted);
  const hasher = hashPool.start(algorithm);
  try {
    for (let firstByte = 0; firstByte < seen.sizeBytes;) {
      const bytes = Math.min(rate.pieceBytes, seen.sizeBytes - firstByte);
      await rate.take(bytes, signal);
      const piece = await readPiece(storage, seen, firstByte, bytes);
      if (piece?.byteLength !== bytes) return undefined;
      await hasher.update(piece);
      await onRead(bytes);
      firstByte += bytes;
    }
    return digestFromHex(algorithm, await hasher.digestHex());
  } finally {
    hasher.dispose();
  }
}

async function readPiece(
  storage: StorageDriver,
  { key, sizeBytes }: StoredObject,
  firstByte: number,
  bytes: number,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  try {
    const range = { firstByte, lastByte: firstByte + bytes - 1 };
    const piece = await storage.read(key, { range, sizeBytes });
    return await piece?.bytes();
  } catch (error) {
    if (error instanceof StorageError ? error.reason === "corrupt" : errorCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

/** A bad sector: bytes that are lost, and not a failure that passes. */
function isReadFault(error: unknown): boolean {
  return errorCode(error) === "EIO";
}
