import type { AnswerHeaders } from "./answer.ts";
import { RegistryError, type RegistryErrorKind, type RegistryErrorOptions } from "../oci/index.ts";

/** An error whose answer carries headers of its own, such as `Allow` or `Content-Range`. */
export class HttpError extends RegistryError {
  readonly headers: AnswerHeaders;

  constructor(kind: RegistryErrorKind, message: string, headers: AnswerHeaders, options: RegistryErrorOptions = {}) {
    super(kind, message, options);
    this.headers = headers;
  }
}

export function methodNotAllowed(method: string, allow: string): HttpError {
  return new HttpError("method-not-allowed", `${method} is not possible here; possible are ${allow}`, { Allow: allow });
}
