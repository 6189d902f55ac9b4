import { RegistryError } from "../../oci/index.ts";
import { OutboundError } from "../../runtime/index.ts";

/** Of somebody else's server; the reason is for the log. */
export function providerUnavailable(cause: unknown): RegistryError {
  const message = "the identity provider does not answer as it should at the moment: try again";
  return new RegistryError("unavailable", message, { cause });
}

/** Whether a library's failure is one of reaching the server, not of what it said. */
export function isUnreachable(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) if (cause instanceof OutboundError) return true;
  return false;
}
