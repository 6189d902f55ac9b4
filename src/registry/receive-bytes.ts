import { RegistryError } from "../oci/index.ts";
import { gatherChunks, type StreamHasher } from "../runtime/index.ts";
import type { UploadState } from "../storage/index.ts";
import type { Registry } from "./registry.ts";

export type RequestBody = ReadableStream<Uint8Array>;

export interface Reception {
  readonly registry: Registry;
  readonly state: UploadState;
  readonly hasher: StreamHasher;
  readonly body: RequestBody;
  /** Aborted when another request takes the upload over, or the registry stops. */
  readonly signal: AbortSignal;
}

export interface Received {
  /** Durable, and hashed as far as `state.offsetBytes`. */
  readonly state: UploadState;
  /** Why the body ended before its end; what came before that was kept. */
  readonly interruption: unknown;
}

/**
 * Writes a request's body at the end of an upload and hashes it on the way. A client that goes away is no error here:
 * what it sent is kept, for it to go on from.
 * @throws RegistryError `blob-too-large`
 * @throws StorageError
 */
export async function receiveBytes(reception: Reception): Promise<Received> {
  const reader = new InterruptibleReader(reception);
  const { storage, hashPool } = reception.registry;
  const chunks = gatherChunks(reader.pieces(), { buffers: hashPool.buffers });
  const state = await storage.appendUpload(reception.state, hashOnTheWay(chunks, reception.hasher));
  return { state, interruption: reader.interruption };
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
        yield value;
        registry.garbage.received(value.byteLength);
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
