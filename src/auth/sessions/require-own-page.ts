import { RegistryError } from "../../oci/index.ts";
import { isSameSecret } from "./new-secret.ts";

/** A request of a browser, as far as it says what page it comes from. */
export interface PageRequest {
  readonly method: string;
  readonly headers: Pick<Headers, "get">;
  /** Scheme, host and port that browsers see; `""` where the request does not say. */
  readonly ownOrigin: string;
}

const SAFE_METHODS = new Set(["GET", "HEAD", "OPTIONS"]);

/**
 * Lets a request that changes something pass only if one of our own pages sent it for this session.
 * @throws RegistryError `denied`
 */
export function requireOwnPage(request: PageRequest, session: { readonly csrfToken: string }): void {
  if (SAFE_METHODS.has(request.method)) return;
  if (!isFromOwnPage(request) || !isSameSecret(request.headers.get("x-csrf-token") ?? "", session.csrfToken))
    throw new RegistryError(
      "denied",
      "a request with the session's cookie must come from a page of this registry and have its X-CSRF-Token",
    );
}

/**
 * Lets no page of another site pass; a program that says nothing of pages does.
 * @throws RegistryError `denied`
 */
export function refuseOtherSites(request: PageRequest): void {
  const { headers } = request;
  const saysNothing = headers.get("sec-fetch-site") === null && headers.get("origin") === null;
  if (saysNothing || isFromOwnPage(request)) return;
  throw new RegistryError("denied", "the request comes from a page of another site");
}

/** A browser says the first to servers that it trusts, and the second to all. Neither can be set by a page. */
function isFromOwnPage({ headers, ownOrigin }: PageRequest): boolean {
  const site = headers.get("sec-fetch-site");
  // Without a host that can be one, no page is our own.
  return site === null ? headers.get("origin") === URL.parse(ownOrigin)?.origin : site === "same-origin";
}
