import { type Answer, type AnswerHeaders, jsonAnswer } from "./answer.ts";
import { MetadataError } from "../metadata/index.ts";
import { RegistryError, type RegistryErrorKind } from "../oci/index.ts";
import { errorCode } from "../runtime/index.ts";
import { StorageError } from "../storage/index.ts";
import { ERROR_TABLE } from "./error-table.ts";
import { HttpError } from "./http-error.ts";

const STORE_FAILURES: Readonly<Record<StorageError["reason"] | MetadataError["reason"], RegistryErrorKind>> = {
  full: "storage-full",
  readonly: "unavailable",
  unavailable: "unavailable",
  corrupt: "unavailable",
  "upload-gone": "upload-unknown",
  incompatible: "unavailable",
  "invalid-key": "internal",
};

/** Whatever was thrown, as something that can be answered. What is not our own stays hidden from the client. */
export function asRegistryError(error: unknown): RegistryError {
  if (error instanceof RegistryError) return error;
  if (error instanceof StorageError || error instanceof MetadataError) {
    const kind = STORE_FAILURES[error.reason];
    const message =
      kind === "storage-full"
        ? "the registry has no space left: ask its operator to make room, then push again"
        : "the registry cannot reach its data at the moment: try again";
    return new RegistryError(kind, message, { cause: error });
  }
  // What a store hands out as a file fails in the hands of who reads it, and by no store's name.
  if (isSystemError(error)) {
    return new RegistryError("unavailable", "the registry cannot read its data at the moment: try again", {
      cause: error,
    });
  }
  return new RegistryError("internal", "something went wrong in the registry: its log has the request id", {
    cause: error,
  });
}

/** What an error is answered to. */
export interface ErrorContext {
  readonly requestId: string;
  /** Makes the value of `WWW-Authenticate` for an answer 401. */
  readonly challenge: (error: RegistryError) => string;
  /** Value of `Allow` for an answer 405. */
  readonly allow: string;
}

/** Where nobody need sign in and all can only be read. */
export const OPEN_CONTEXT: ErrorContext = { requestId: "", challenge: () => "", allow: "GET, HEAD" };

/** @spec OCI distribution-spec, "Error Codes" */
export function errorAnswer(error: RegistryError, context: ErrorContext): Answer {
  const { status, code } = ERROR_TABLE[error.kind];
  const errors = error.details.map((detail) => ({ code, message: error.message, detail }));
  return jsonAnswer({ errors }, errorHeaders(error, context), status);
}

/** What the answer to an error says in its headers, in whatever form its body tells of it. */
export function errorHeaders(error: RegistryError, { challenge, allow }: ErrorContext): AnswerHeaders {
  const { status, retryAfterSeconds } = ERROR_TABLE[error.kind];
  const headers: AnswerHeaders = error instanceof HttpError ? { ...error.headers } : {};
  if (status === 401) headers["WWW-Authenticate"] ??= challenge(error);
  if (status === 405) headers.Allow ??= allow;
  if (retryAfterSeconds !== undefined) headers["Retry-After"] ??= String(waitSecondsOf(error) ?? retryAfterSeconds);
  return headers;
}

/** How long who was refused has to wait; `undefined`: that is not known. */
function waitSecondsOf({ details: [detail] }: RegistryError): number | undefined {
  if (typeof detail !== "object" || detail === null) return undefined;
  const { retryAfterSeconds } = detail as { readonly retryAfterSeconds?: unknown };
  return typeof retryAfterSeconds === "number" ? Math.ceil(retryAfterSeconds) : undefined;
}

/** Whether the operating system said no: to a file that is opened only while it is sent or read back, for one. */
export function isSystemError(error: unknown): boolean {
  return /^E[A-Z0-9]+$/.test(errorCode(error) ?? "");
}
