import type { RegistryErrorKind } from "../oci/index.ts";

interface ErrorAnswer {
  readonly status: number;
  /** @spec OCI distribution-spec, "Error Codes"; Docker's list has more of them */
  readonly code: string;
  readonly retryAfterSeconds?: number;
}

/** The one place that turns what went wrong into HTTP; the compiler sees to it that no kind is left out. */
export const ERROR_TABLE: Readonly<Record<RegistryErrorKind, ErrorAnswer>> = {
  "bad-request": { status: 400, code: "BAD_REQUEST" },
  "blob-too-large": { status: 413, code: "SIZE_INVALID" },
  "blob-unknown": { status: 404, code: "BLOB_UNKNOWN" },
  conflict: { status: 409, code: "CONFLICT" },
  "content-range-invalid": { status: 416, code: "RANGE_INVALID" },
  "delete-disabled": { status: 405, code: "UNSUPPORTED" },
  denied: { status: 403, code: "DENIED" },
  "digest-invalid": { status: 400, code: "DIGEST_INVALID" },
  "digest-mismatch": { status: 400, code: "DIGEST_INVALID" },
  internal: { status: 500, code: "UNKNOWN" },
  "login-failed": { status: 401, code: "UNAUTHORIZED" },
  "manifest-blob-unknown": { status: 400, code: "MANIFEST_BLOB_UNKNOWN" },
  "manifest-invalid": { status: 400, code: "MANIFEST_INVALID" },
  "manifest-too-large": { status: 413, code: "MANIFEST_INVALID" },
  "manifest-unknown": { status: 404, code: "MANIFEST_UNKNOWN" },
  "media-type-unsupported": { status: 415, code: "UNSUPPORTED" },
  "method-not-allowed": { status: 405, code: "UNSUPPORTED" },
  "name-invalid": { status: 400, code: "NAME_INVALID" },
  "name-unknown": { status: 404, code: "NAME_UNKNOWN" },
  "not-found": { status: 404, code: "NOT_FOUND" },
  "page-size-invalid": { status: 400, code: "PAGINATION_NUMBER_INVALID" },
  "password-change-needed": { status: 403, code: "DENIED" },
  "precondition-failed": { status: 412, code: "PRECONDITION_FAILED" },
  "range-not-satisfiable": { status: 416, code: "RANGE_INVALID" },
  "read-only": { status: 405, code: "UNSUPPORTED" },
  "request-too-large": { status: 413, code: "SIZE_INVALID" },
  "route-unknown": { status: 404, code: "NOT_FOUND" },
  "scope-insufficient": { status: 401, code: "UNAUTHORIZED" },
  "size-invalid": { status: 400, code: "SIZE_INVALID" },
  "storage-full": { status: 507, code: "UNAVAILABLE", retryAfterSeconds: 60 },
  "tag-invalid": { status: 400, code: "TAG_INVALID" },
  "token-invalid": { status: 401, code: "UNAUTHORIZED" },
  "too-many-requests": { status: 429, code: "TOOMANYREQUESTS", retryAfterSeconds: 5 },
  "too-many-tags": { status: 414, code: "TAG_INVALID" },
  unauthorized: { status: 401, code: "UNAUTHORIZED" },
  unavailable: { status: 503, code: "UNAVAILABLE", retryAfterSeconds: 5 },
  "upload-interrupted": { status: 400, code: "BLOB_UPLOAD_INVALID" },
  "upload-unknown": { status: 404, code: "BLOB_UPLOAD_UNKNOWN" },
};
