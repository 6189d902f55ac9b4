/**
 * Everything that can be wrong with a request, by meaning. The edge maps each kind to a status and a code of the
 * specification in one table; nothing below the edge knows either.
 */
export type RegistryErrorKind =
  | "bad-request"
  | "blob-too-large"
  | "blob-unknown"
  | "conflict"
  | "content-range-invalid"
  | "delete-disabled"
  | "denied"
  | "digest-invalid"
  | "digest-mismatch"
  | "internal"
  | "login-failed"
  | "manifest-blob-unknown"
  | "manifest-invalid"
  | "manifest-too-large"
  | "manifest-unknown"
  | "media-type-unsupported"
  | "method-not-allowed"
  | "name-invalid"
  | "name-unknown"
  | "not-found"
  | "page-size-invalid"
  | "password-change-needed"
  | "precondition-failed"
  | "range-not-satisfiable"
  | "read-only"
  | "request-too-large"
  | "route-unknown"
  | "scope-insufficient"
  | "size-invalid"
  | "storage-full"
  | "tag-invalid"
  | "token-invalid"
  | "too-many-requests"
  | "too-many-tags"
  | "unauthorized"
  | "unavailable"
  | "upload-interrupted"
  | "upload-unknown";

export interface RegistryErrorOptions {
  /** What the client gets as `detail`; for `details` one error each. */
  readonly detail?: unknown;
  readonly details?: readonly unknown[];
  readonly cause?: unknown;
}

/** What the domain throws when it will not do what was asked. The message says what was wrong with what, and what to do. */
export class RegistryError extends Error {
  override readonly name = "RegistryError";
  readonly kind: RegistryErrorKind;
  /** Never empty: one entry of the answer's `errors` for each. */
  readonly details: readonly unknown[];

  constructor(kind: RegistryErrorKind, message: string, options: RegistryErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.kind = kind;
    this.details = options.details?.length ? options.details : [options.detail ?? null];
  }
}
