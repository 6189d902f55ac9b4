/** A path below the storage root: `/`-separated, relative, no empty, `.` or `..` part. */
export type StorageKey = string & { readonly __brand: "StorageKey" };

/** Both ends inclusive, as in an HTTP range; the caller has checked them against the object's size. */
export interface ByteRange {
  readonly firstByte: number;
  readonly lastByte: number;
}

export interface ReadOptions {
  /** Only this part. */
  readonly range?: ByteRange | undefined;
  /** What the whole object has to have. */
  readonly sizeBytes?: number | undefined;
}

export interface StoredObject {
  readonly key: StorageKey;
  readonly sizeBytes: number;
  readonly modifiedAtMs: number;
}

/** An upload between two requests: plain data, kept in the session's row. One that has no bytes yet is nowhere else. */
export interface UploadState {
  /** Unique among uploads; part of the key of the partial object. */
  readonly uploadId: string;
  /** How many bytes are durably stored. */
  readonly offsetBytes: number;
}

/**
 * Bytes under keys. Absence is `undefined`, never an error; what fails is a `StorageError`. While the whole place is away
 * nothing in it is absent: that is `unavailable`.
 * A driver holds no rules of the registry: it knows neither digests nor repositories.
 */
export interface StorageDriver {
  /** `filesystem`, `inmemory`, …: the name in registry:2's configuration, in logs and in metrics. */
  readonly name: string;

  stat(key: StorageKey): Promise<StoredObject | undefined>;

  /**
   * The whole object, or the part that `range` names. Never buffers it: a file may be behind the `Blob`, which the kernel
   * then sends by itself.
   * @throws StorageError `corrupt` when the object has another size than `sizeBytes`.
   */
  read(key: StorageKey, options?: ReadOptions): Promise<Blob | undefined>;

  /** Stores a small object at once: readers see the old bytes or the new ones, and after the call it is durable. */
  write(key: StorageKey, bytes: Uint8Array): Promise<void>;

  /** Does nothing when there is no such object. */
  remove(key: StorageKey): Promise<void>;

  /**
   * Gives an object another key at once, with its bytes and its time as they are, however damaged; replaces what was at
   * `to`, where it is durably after the call. @returns whether there was an object `from`
   */
  move(from: StorageKey, to: StorageKey): Promise<boolean>;

  /**
   * Every object whose key starts with `prefix` (which ends with `/` or is empty), in no promised order.
   * What is not an object yet is listed below `unfinishedPrefix` only, if at all.
   */
  iterate(prefix: string): AsyncIterable<StoredObject>;

  /**
   * Takes away the folders below `prefix` (which ends with `/`), and its own, in which no object is: others who read the same place may
   * see something in them. Does nothing where there are no folders.
   */
  removeEmpty(prefix: string): Promise<void>;

  readonly uploads: UploadArea;

  /** Writes, reads and removes a probe object; throws a `StorageError` that says what is wrong. For readiness. */
  check(): Promise<void>;

  close(): Promise<void>;
}

/** Bytes on their way to become an object. An upload to which nothing was appended takes nothing that lasts, and needs no end. */
export interface UploadArea {
  /**
   * Adds `chunks` at the upload's end and returns the state with the new offset; the bytes are durable then.
   * A chunk is not touched any more once the next one is asked for, so that its owner may hand its memory on.
   * If the bytes cannot be written a `StorageError` is thrown and the upload stands where `state` says; so it does when
   * `chunks` throws, which is thrown on as it is. The space of what was written is given back then. One append at a time.
   * @throws StorageError `upload-gone` when the upload is gone, `corrupt` when it has fewer bytes than `state` says; so do
   * `read` and `finish`.
   */
  append(state: UploadState, chunks: AsyncIterable<Uint8Array>): Promise<UploadState>;

  /** What was uploaded so far, to be hashed again by a process that did not see it pass. */
  read(state: UploadState): Promise<Blob>;

  /** Makes the upload the object `key`, durably and at once; replaces what was there. The upload is gone then. */
  finish(state: UploadState, key: StorageKey): Promise<void>;

  /** Does nothing when the upload is gone already. */
  cancel(uploadId: string): Promise<void>;
}
