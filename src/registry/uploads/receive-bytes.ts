import { RegistryError } from "../../oci/index.ts";
import { freeMemory, gatherChunks, type StreamHasher } from "../../runtime/index.ts";
import type { UploadState } from "../../storage/index.ts";
import type { Registry } from "../registry.ts";

export type RequestBody = ReadableStream<Uint8Array>;

export interface Reception {
  readonly registry: Registry;
  readonly state: UploadState;
  readonly hasher: StreamHasher;
  readonly body: RequestBody;
  /** Whether the blob ends with this body. If that is small, storage need not have it before its digest is verified. */
  readonly isLast: boolean;
  /** How many bytes the body must have; `undefined`: as many as come. */
  readonly announcedBytes?: number | undefined;
  /** Told of each piece that came, before anything is done with it; not of one that makes the body too large. */
  readonly onReceived?: ((bytes: number) => void) | undefined;
  /** Aborted when another request takes the upload over, or the registry stops. */
  readonly signal: AbortSignal;
}

export interface Received {
  /** Durable, and hashed as far as `state.offsetBytes`. */
  readonly state: UploadState;
  /** The whole blob, where storage has nothing of it and the hasher has seen nothing. */
  readonly small?: Uint8Array | undefined;
  /** Why the body ended before its end; what came before that was kept. */
  readonly interruption?: unknown;
}

/**
 * Writes a request's body at the end of an upload and hashes it on the way, unless it is a whole small blob. A client that
 * goes away is no error here: what it sent is kept, for it to go on from.
 * @throws RegistryError `blob-too-large`, `size-invalid`: nothing of the body is kept then, and the hasher is dropped
 * @throws StorageError
 */
export async function receiveBytes(reception: Reception): Promise<Received> {
  const { registry, state, hasher, isLast } = reception;
  const reader = new InterruptibleReader(reception);
  const pieces = reader.pieces();
  try {
    const first = isLast && state.offsetBytes === 0 ? await takeSmall(pieces) : { pieces: [], isAll: false };
    if (first.isAll && reader.interruption === undefined) {
      return { state, small: joined(first.pieces) };
    }
    const { clock, hashPool } = registry;
    const chunks = gatherChunks(startingWith(first.pieces, pieces), { clock, buffers: hashPool.buffers });
    const after = await registry.storage.uploads.append(state, hashOnTheWay(chunks, hasher));
    return { state: after, interruption: reader.interruption };
  } catch (error) {
    hasher.dispose();
    throw error;
  } finally {
    // Storage may have failed before it asked for the rest. Not awaited, as a client that stands still would hold that up.
    pieces.return().catch(() => undefined);
  }
}

/** As much as is hashed in place. Each piece costs memory beside its bytes. */
const MOST_SMALL_BYTES = 64 * 1024;
const MOST_SMALL_PIECES = 64;

interface FirstPieces {
  readonly pieces: readonly Uint8Array[];
  /** There are no others. */
  readonly isAll: boolean;
}

/** All pieces of a small body, or the first ones of a larger one. */
async function takeSmall(source: AsyncIterator<Uint8Array, void>): Promise<FirstPieces> {
  const pieces: Uint8Array[] = [];
  for (let bytes = 0; bytes <= MOST_SMALL_BYTES && pieces.length < MOST_SMALL_PIECES;) {
    const { value: piece } = await source.next();
    if (!piece) return { pieces, isAll: true };
    pieces.push(piece);
    bytes += piece.byteLength;
  }
  return { pieces, isAll: false };
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const [only, ...others] = pieces;
  return only && others.length === 0 ? only : Buffer.concat(pieces);
}

/** A piece is used up when the next one is asked for. */
async function* startingWith(
  first: readonly Uint8Array[],
  rest: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, void> {
  for (const piece of first) {
    yield piece;
    freeMemory(piece);
  }
  for await (const piece of rest) {
    yield piece;
    freeMemory(piece);
  }
}

/** Hands a chunk to the hasher once storage is done with it and asks for the next. */
async function* hashOnTheWay(
  chunks: AsyncIterable<Uint8Array<ArrayBuffer>>,
  hasher: StreamHasher,
): AsyncGenerator<Uint8Array, void, void> {
  for await (const chunk of chunks) {
    yield chunk;
    await hasher.update(chunk);
  }
}

/** Reads the body until it ends, or breaks or is interrupted, which it says afterwards; throws only what is wrong with its size. */
class InterruptibleReader {
  interruption: unknown;
  readonly #reception: Reception;

  constructor(reception: Reception) {
    this.#reception = reception;
  }

  async *pieces(): AsyncGenerator<Uint8Array, void, void> {
    const { body, signal, registry, announcedBytes, onReceived } = this.#reception;
    const reader = body.getReader();
    const interrupt = () => void reader.cancel().catch(() => undefined);
    signal.addEventListener("abort", interrupt, { once: true });
    let receivedBytes = 0;
    try {
      for (;;) {
        signal.throwIfAborted();
        const { done, value } = await reader.read();
        signal.throwIfAborted();
        if (done) break;
        const sizeBytes = value.byteLength;
        receivedBytes += sizeBytes;
        this.#requireFitting(receivedBytes);
        onReceived?.(sizeBytes);
        yield value;
        registry.garbage.received(sizeBytes);
      }
      requireAnnounced(receivedBytes, announcedBytes);
    } catch (error) {
      if (error instanceof RegistryError) throw error;
      this.interruption = error;
    } finally {
      signal.removeEventListener("abort", interrupt);
      await reader.cancel().catch(() => undefined);
    }
  }

  #requireFitting(receivedBytes: number): void {
    const { state, announcedBytes, registry } = this.#reception;
    const { maxBlobBytes } = registry.options;
    if (maxBlobBytes > 0 && state.offsetBytes + receivedBytes > maxBlobBytes) throw tooLarge(maxBlobBytes);
    if (announcedBytes !== undefined && receivedBytes > announcedBytes) throw unlikeAnnounced(announcedBytes);
  }
}

/** @throws RegistryError `size-invalid` */
export function requireAnnounced(receivedBytes: number, announcedBytes: number | undefined): void {
  if (announcedBytes !== undefined && receivedBytes !== announcedBytes) throw unlikeAnnounced(announcedBytes);
}

function unlikeAnnounced(announcedBytes: number): RegistryError {
  return new RegistryError("size-invalid", `the body has not the ${announcedBytes} bytes that Content-Range announces`);
}

function tooLarge(maxBlobBytes: number): RegistryError {
  return new RegistryError("blob-too-large", `a blob has at most ${maxBlobBytes} bytes here`, {
    detail: { maxBlobBytes },
  });
}

export function interrupted(cause: unknown): RegistryError {
  return new RegistryError("upload-interrupted", "the request ended before its body did; what came is kept", { cause });
}
