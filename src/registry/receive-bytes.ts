import { RegistryError } from "../oci/index.ts";
import { freeMemory, gatherChunks, type StreamHasher } from "../runtime/index.ts";
import type { UploadState } from "../storage/index.ts";
import type { Registry } from "./registry.ts";

export type RequestBody = ReadableStream<Uint8Array>;

export interface Reception {
  readonly registry: Registry;
  readonly state: UploadState;
  readonly hasher: StreamHasher;
  readonly body: RequestBody;
  /** Whether the blob ends with this body. If that is small, storage need not have it before its digest is verified. */
  readonly isLast: boolean;
  /** Aborted when another request takes the upload over, or the registry stops. */
  readonly signal: AbortSignal;
}

export interface Received {
  /** Durable, and hashed as far as `state.offsetBytes`. */
  readonly state: UploadState;
  /** The whole blob, where storage has nothing of it and the hasher has seen nothing. The caller owns the memory. */
  readonly small?: Uint8Array<ArrayBuffer> | undefined;
  /** Why the body ended before its end; what came before that was kept. */
  readonly interruption: unknown;
}

/**
 * Writes a request's body at the end of an upload and hashes it on the way, unless it is a whole small blob. A client that
 * goes away is no error here: what it sent is kept, for it to go on from.
 * @throws RegistryError `blob-too-large`
 * @throws StorageError
 */
export async function receiveBytes(reception: Reception): Promise<Received> {
  const { registry, state, hasher, isLast } = reception;
  const reader = new InterruptibleReader(reception);
  const chunks = gatherChunks(reader.pieces(), { buffers: registry.hashPool.buffers });
  try {
    const first = isLast && state.offsetBytes === 0 ? await takeTwo(chunks) : [];
    const isWhole = isLast && state.offsetBytes === 0 && first.length < 2 && reader.interruption === undefined;
    if (isWhole) return { state, small: first[0] ?? new Uint8Array(), interruption: undefined };
    const after = await registry.storage.appendUpload(state, hashOnTheWay(startingWith(first, chunks), hasher));
    return { state: after, interruption: reader.interruption };
  } finally {
    // Storage may have failed before it asked for the rest.
    await chunks.return();
  }
}

type Chunk = Uint8Array<ArrayBuffer>;

async function takeTwo(chunks: AsyncIterator<Chunk, void>): Promise<readonly Chunk[]> {
  const { value: first } = await chunks.next();
  const { value: second } = first ? await chunks.next() : {};
  return [first, second].filter((chunk) => chunk !== undefined);
}

async function* startingWith(first: readonly Chunk[], rest: AsyncIterable<Chunk>): AsyncGenerator<Chunk, void, void> {
  yield* first;
  yield* rest;
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

/** Reads the body until it ends, breaks, is interrupted or is too large; never throws, and says afterwards which it was. */
class InterruptibleReader {
  interruption: unknown;
  readonly #reception: Reception;

  constructor(reception: Reception) {
    this.#reception = reception;
  }

  async *pieces(): AsyncGenerator<Uint8Array, void, void> {
    const { body, signal, registry } = this.#reception;
    const { maxBlobBytes } = registry.options;
    const reader = body.getReader();
    const interrupt = () => void reader.cancel().catch(() => undefined);
    signal.addEventListener("abort", interrupt, { once: true });
    let totalBytes = this.#reception.state.offsetBytes;
    try {
      for (;;) {
        signal.throwIfAborted();
        const { done, value } = await reader.read();
        signal.throwIfAborted();
        if (done) return;
        totalBytes += value.byteLength;
        if (maxBlobBytes > 0 && totalBytes > maxBlobBytes) {
          throw tooLarge(maxBlobBytes);
        }
        const sizeBytes = value.byteLength;
        yield value;
        freeMemory(value);
        registry.garbage.received(sizeBytes);
      }
    } catch (error) {
      if (error instanceof RegistryError) throw error;
      this.interruption = error;
    } finally {
      signal.removeEventListener("abort", interrupt);
      await reader.cancel().catch(() => undefined);
    }
  }
}

function tooLarge(maxBlobBytes: number): RegistryError {
  return new RegistryError("blob-too-large", `a blob has at most ${maxBlobBytes} bytes here`, {
    detail: { maxBlobBytes },
  });
}

export function interrupted(cause: unknown): RegistryError {
  return new RegistryError("upload-interrupted", "the request ended before its body did; what came is kept", { cause });
}
