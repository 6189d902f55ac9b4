import { AuthorizationResponseError, ResponseBodyError } from "openid-client";
import { RegistryError } from "../../oci/index.ts";
import { OutboundError } from "../../runtime/index.ts";

/** Of somebody else's server; the reason is for the log. */
export function providerUnavailable(cause: unknown): RegistryError {
  const message = "the identity provider does not answer as it should at the moment: try again";
  return new RegistryError("unavailable", message, { cause });
}

/** Whether a library's failure is one of reaching the server, not of what it said. */
export function isUnreachable(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof OutboundError) return true;
    if (cause instanceof ResponseBodyError && cause.status >= 500) return true;
    if (cause.cause instanceof Response && cause.cause.status >= 500) return true;
  }
  return false;
}

/** What a person is told of a sign-in that failed. A text of the provider's own is not: it is anybody's who makes the link. */
export function signInProblem(error: unknown, title: string): RegistryError {
  if (error instanceof RegistryError) return error;
  if (isUnreachable(error)) return providerUnavailable(error);
  if (!(error instanceof AuthorizationResponseError))
    return new RegistryError("denied", `what ${title} answered does not hold: sign in again`, { cause: error });
  const code = /^[a-z_]{1,40}$/.exec(error.error)?.[0] ?? "another error";
  if (code === "temporarily_unavailable" || code === "server_error") return providerUnavailable(error);
  return new RegistryError("denied", `${title} did not sign you in: ${code}`, { cause: error });
}
