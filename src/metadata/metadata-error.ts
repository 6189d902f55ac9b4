/**
 * `unavailable`: busy or failing, try again · `full`: no space left · `readonly`: may not write ·
 * `corrupt`: the database file is damaged · `incompatible`: written by a newer version.
 */
export type MetadataErrorReason = "unavailable" | "full" | "readonly" | "corrupt" | "incompatible";

/** What the metadata store throws when the database itself fails. Absence is `undefined`, not an error. */
export class MetadataError extends Error {
  override readonly name = "MetadataError";
  readonly reason: MetadataErrorReason;

  constructor(reason: MetadataErrorReason, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.reason = reason;
  }
}

/** Whether it may still be read, and takes no more. */
export function isUnwritable(error: unknown): error is MetadataError {
  return error instanceof MetadataError && (error.reason === "full" || error.reason === "readonly");
}
