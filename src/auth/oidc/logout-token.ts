import { decodeProtectedHeader } from "jose";
import { RegistryError } from "../../oci/index.ts";
import type { Claims } from "./claims.ts";
import type { OidcProvider } from "./oidc-provider.ts";
import { CLOCK_TOLERANCE_SECONDS, verifyToken } from "./verify-token.ts";

/** Which sessions a provider says are over. */
export interface LogoutToken {
  readonly id: string;
  readonly providerSessionId: string | undefined;
  readonly externalId: string | undefined;
  /** From then on it would not be taken any more. */
  readonly endsAtMs: number;
}

const LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout";
const MAX_AGE_MS = 10 * 60_000;

/**
 * Reads a logout token that a provider sends without a browser.
 * @spec OpenID Connect Back-Channel Logout 1.0, 2.6
 * @throws RegistryError `bad-request`, `unavailable`
 */
export async function readLogoutToken(provider: OidcProvider, token: string, nowMs: number): Promise<LogoutToken> {
  const { issuer, clientId } = provider.options;
  const rules = { issuer, audience: clientId, maxAgeMs: MAX_AGE_MS, nowMs, requiredClaims: ["jti", "events"] };
  try {
    requireType(token);
    const claims = await verifyToken(token, provider.keys, rules);
    const fault = faultOf(claims);
    if (fault !== undefined) throw new Error(fault);
    return {
      id: String(claims.jti),
      providerSessionId: textOf(claims["sid"]),
      externalId: textOf(claims.sub),
      endsAtMs: (claims.iat ?? 0) * 1000 + MAX_AGE_MS + CLOCK_TOLERANCE_SECONDS * 1000,
    };
  } catch (cause) {
    if (cause instanceof RegistryError) throw cause;
    throw new RegistryError("bad-request", "the logout token does not hold", { cause });
  }
}

/** An ID token is signed with the same key. */
function requireType(token: string): void {
  const { typ = "JWT" } = decodeProtectedHeader(token);
  if (!/^(?:application\/)?(?:logout\+)?jwt$/i.test(typ)) throw new Error(`its type is ${typ}`);
}

function faultOf(claims: Claims): string | undefined {
  const { events } = claims;
  if (typeof events !== "object" || events === null || !Object.hasOwn(events, LOGOUT_EVENT))
    return "it is for no logout";
  if (claims["nonce"] !== undefined) return "it has a nonce, as an ID token has";
  const isForSomebody = textOf(claims["sub"]) !== undefined || textOf(claims["sid"]) !== undefined;
  return isForSomebody ? undefined : "it says neither whom nor which session it is about";
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}
