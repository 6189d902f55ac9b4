/** Something in an imported directory that does not pull as it did, or never did, or that is not wanted. */
export interface Damage {
  /** As it was found: it may not be a valid name. */
  readonly repository: string;
  /** A tag or a digest; empty if it is about the whole repository. */
  readonly reference: string;
  readonly reason: string;
  /** Whether it is in the catalogue all the same, and pulls as far as its parts are there. */
  readonly isIndexed: boolean;
}

/** Thrown where one thing cannot be imported, with the reason; the rest goes on. */
export class DamageError extends Error {
  override readonly name = "DamageError";
}
