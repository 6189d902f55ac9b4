import type { RegistryErrorKind } from "../oci/index.ts";
import { ERROR_TABLE } from "./error-table.ts";
import { isSystemError } from "./system-error.ts";

/**
 * The answer to what fails after the handler, before the first byte is sent: a file that cannot be opened for sending. What
 * is no error of the operating system is a defect.
 */
export function unsentResponse(error: unknown): Response {
  return isSystemError(error)
    ? responseOf("unavailable", "the registry cannot read this at the moment: try again")
    : responseOf("internal", "something went wrong in the registry: its log says more");
}

function responseOf(kind: RegistryErrorKind, message: string): Response {
  const { status, code, retryAfterSeconds } = ERROR_TABLE[kind];
  const headers = retryAfterSeconds === undefined ? {} : { "Retry-After": String(retryAfterSeconds) };
  return Response.json({ errors: [{ code, message, detail: null }] }, { status, headers });
}
