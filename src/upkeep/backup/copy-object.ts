import { createHash } from "node:crypto";
import { StorageError, type StorageDriver, type StorageKey, type StoredObject } from "../../storage/index.ts";

export interface ObjectCopy {
  readonly from: StorageDriver;
  readonly to: StorageDriver;
  readonly key: StorageKey;
  /** Unlike that of any other copy under way. */
  readonly uploadId: string;
  readonly algorithm: "sha256" | "sha512";
  readonly signal: AbortSignal;
}

const PIECE_BYTES = 4 * 1024 * 1024;

/**
 * Copies an object piece by piece. It is there once all of it is, durably, and only if `isRight` says so of its hash.
 * @returns `undefined` if there is no such object, or it is not right
 * @throws StorageError, or the reason of the aborted signal
 */
export async function copyObject(
  copy: ObjectCopy,
  isRight: (hashHex: string) => boolean,
): Promise<StoredObject | undefined> {
  const { from, to, key, uploadId, algorithm } = copy;
  const source = await from.stat(key);
  if (!source) return undefined;
  const hash = createHash(algorithm);
  try {
    const pieces = readPieces(copy, source, (piece) => void hash.update(piece));
    const state = await to.uploads.append({ uploadId, offsetBytes: 0 }, pieces);
    if (!isRight(hash.digest("hex"))) {
      await to.uploads.cancel(uploadId);
      return undefined;
    }
    await to.uploads.finish(state, key);
  } catch (error) {
    await to.uploads.cancel(uploadId).catch(() => undefined);
    if (error instanceof StorageError && error.reason === "corrupt") return undefined;
    throw error;
  }
  return source;
}

/** @returns `undefined` if there is no such object @throws StorageError, or the reason of the aborted signal */
export async function hashObject(
  object: Pick<ObjectCopy, "from" | "key" | "algorithm" | "signal">,
): Promise<string | undefined> {
  const { from, key, algorithm } = object;
  const found = await from.stat(key);
  if (!found) return undefined;
  const hash = createHash(algorithm);
  for await (const _ of readPieces(object, found, (piece) => void hash.update(piece)));
  return hash.digest("hex");
}

async function* readPieces(
  { from, key, signal }: Pick<ObjectCopy, "from" | "key" | "signal">,
  { sizeBytes }: StoredObject,
  onPiece: (piece: Uint8Array) => void,
): AsyncGenerator<Uint8Array, void, void> {
  for (let firstByte = 0; firstByte < sizeBytes; firstByte += PIECE_BYTES) {
    signal.throwIfAborted();
    const range = { firstByte, lastByte: Math.min(firstByte + PIECE_BYTES, sizeBytes) - 1 };
    const piece = await (await from.read(key, { range, sizeBytes }))?.bytes();
    if (!piece) throw new StorageError("corrupt", `${key} went while it was read`);
    onPiece(piece);
    yield piece;
  }
}
