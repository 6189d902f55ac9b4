/**
 * `full`: no space or quota left · `readonly`: may not write · `unavailable`: try again · `corrupt`: not what was stored ·
 * `upload-gone`: finished or cancelled meanwhile, or lost in a crash · `invalid-key`: nothing can lie there.
 */
export type StorageErrorReason = "full" | "readonly" | "unavailable" | "corrupt" | "upload-gone" | "invalid-key";

/** What a storage driver throws, and nothing else. */
export class StorageError extends Error {
  override readonly name = "StorageError";
  readonly reason: StorageErrorReason;

  constructor(reason: StorageErrorReason, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.reason = reason;
  }
}
