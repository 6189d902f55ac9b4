import type { Clock } from "../../runtime/index.ts";
import type { ReadOptions, StorageDriver, StorageKey, StoredObject, UploadArea, UploadState } from "../driver.ts";
import { requireSize } from "../require-size.ts";
import { parseStorageKey, parseStoragePrefix } from "../storage-key.ts";
import { StorageError } from "../storage-error.ts";
import { ownPrefix, unfinishedKeyOf, unfinishedPrefix } from "../unfinished.ts";

interface MemoryObject {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly modifiedAtMs: number;
}

/** What drivers of one test share, as they would a disk. */
export type MemoryObjects = Map<StorageKey, MemoryObject>;

export interface MemoryDriverOptions {
  readonly clock: Clock;
  readonly objects?: MemoryObjects;
}

/** Keeps objects in memory: for tests, and gone with the process. */
export class MemoryDriver implements StorageDriver {
  readonly name = "inmemory";
  readonly uploads: UploadArea = {
    append: (state, chunks) => this.#append(state, chunks),
    read: async (state) => new Blob([this.#uploaded(state)]),
    finish: async (state, key) => {
      this.#put(key, this.#uploaded(state));
      this.#objects.delete(unfinishedKeyOf(state.uploadId));
    },
    cancel: async (uploadId) => void this.#objects.delete(unfinishedKeyOf(uploadId)),
  };
  readonly #clock: Clock;
  readonly #objects: MemoryObjects;

  constructor({ clock, objects = new Map() }: MemoryDriverOptions) {
    this.#clock = clock;
    this.#objects = objects;
  }

  async stat(key: StorageKey): Promise<StoredObject | undefined> {
    const found = this.#objects.get(parseStorageKey(key));
    return found && { key, sizeBytes: found.bytes.byteLength, modifiedAtMs: found.modifiedAtMs };
  }

  async read(key: StorageKey, { range, sizeBytes }: ReadOptions = {}): Promise<Blob | undefined> {
    const bytes = this.#objects.get(parseStorageKey(key))?.bytes;
    if (!bytes) return undefined;
    requireSize({ key, sizeBytes: bytes.byteLength }, sizeBytes);
    return new Blob([range ? bytes.subarray(range.firstByte, range.lastByte + 1) : bytes]);
  }

  async write(key: StorageKey, bytes: Uint8Array): Promise<void> {
    this.#put(key, bytes);
  }

  async remove(key: StorageKey): Promise<void> {
    this.#objects.delete(parseStorageKey(key));
  }

  async move(from: StorageKey, to: StorageKey): Promise<boolean> {
    const found = this.#objects.get(parseStorageKey(from));
    if (!found) return false;
    this.#objects.delete(from);
    this.#objects.set(parseStorageKey(to), found);
    return true;
  }

  async *iterate(prefix: string): AsyncIterable<StoredObject> {
    parseStoragePrefix(prefix);
    for (const [key, { bytes, modifiedAtMs }] of this.#objects) {
      if (!key.startsWith(prefix)) continue;
      if (key.startsWith(ownPrefix) && !prefix.startsWith(unfinishedPrefix)) continue;
      yield { key, sizeBytes: bytes.byteLength, modifiedAtMs };
    }
  }

  async removeEmpty(prefix: string): Promise<void> {
    parseStoragePrefix(prefix);
  }

  async check(): Promise<void> {}

  async close(): Promise<void> {}

  async #append(state: UploadState, chunks: AsyncIterable<Uint8Array>): Promise<UploadState> {
    const parts = [this.#uploaded(state)];
    for await (const chunk of chunks) parts.push(chunk.slice());
    const bytes = new Uint8Array(await new Blob(parts).arrayBuffer());
    this.#put(unfinishedKeyOf(state.uploadId), bytes);
    return { ...state, offsetBytes: bytes.byteLength };
  }

  #put(key: StorageKey, bytes: Uint8Array): void {
    this.#objects.set(parseStorageKey(key), { bytes: bytes.slice(), modifiedAtMs: this.#clock.nowMs() });
  }

  #uploaded({ uploadId, offsetBytes }: UploadState): Uint8Array<ArrayBuffer> {
    if (offsetBytes === 0) return new Uint8Array();
    const found = this.#objects.get(unfinishedKeyOf(uploadId));
    if (!found) throw new StorageError("upload-gone", `upload ${uploadId} is gone: finished or cancelled meanwhile`);
    if (found.bytes.byteLength >= offsetBytes) return found.bytes.subarray(0, offsetBytes);
    throw new StorageError("corrupt", `upload ${uploadId} has ${found.bytes.byteLength} bytes, not ${offsetBytes}`);
  }
}
