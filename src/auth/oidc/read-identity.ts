import { RegistryError } from "../../oci/index.ts";
import type { ExternalIdentity } from "../../access/index.ts";
import { claimAt, type Claims, findUnmatchedClaim, textClaimAt } from "./claims.ts";
import type { OidcProviderOptions } from "./options.ts";

/**
 * Whom a provider's claims are about.
 * @throws RegistryError `denied` if they are not for this registry
 */
export function readIdentity(claims: Claims, options: OidcProviderOptions): ExternalIdentity {
  requireWelcome(claims, options);
  const name = usernameOf(claims, options);
  const externalId = textClaimAt(claims, "sub");
  if (name === undefined || externalId === undefined)
    throw refused(options, "does not say what your user name is", `no ${options.usernameClaim}, no verified email`);
  return {
    name,
    externalId,
    displayName: textClaimAt(claims, options.displayNameClaim),
    email: verifiedEmailOf(claims),
    groups: options.groupsClaim === undefined ? undefined : groupsOf(claimAt(claims, options.groupsClaim)),
  };
}

/** The claims that `readIdentity` looks at. */
export function wantedClaims(options: OidcProviderOptions): readonly string[] {
  const { usernameClaim, displayNameClaim, groupsClaim, requiredClaims } = options;
  return [
    usernameClaim,
    displayNameClaim,
    "email",
    ...(groupsClaim === undefined ? [] : [groupsClaim]),
    ...Object.keys(requiredClaims),
  ];
}

function requireWelcome(claims: Claims, options: OidcProviderOptions): void {
  const unmatched = findUnmatchedClaim(claims, options.requiredClaims);
  if (unmatched !== undefined)
    throw refused(options, "knows you, but you may not sign in here", `${unmatched} is not as requiredclaims says`);
  if (options.emailDomains.length === 0) return;
  const email = verifiedEmailOf(claims);
  const domain = email?.slice(email.lastIndexOf("@") + 1).toLowerCase();
  if (domain !== undefined && options.emailDomains.some((allowed) => allowed.toLowerCase() === domain)) return;
  const reason = email === undefined ? "no verified email" : "the email is of none of emaildomains";
  throw refused(options, "knows you, but you may not sign in here", reason);
}

/** Anybody can claim an address at many a provider; only one that it has verified says who somebody is. */
function usernameOf(claims: Claims, { usernameClaim }: OidcProviderOptions): string | undefined {
  const named = usernameClaim === "email" ? undefined : textClaimAt(claims, usernameClaim);
  return named ?? verifiedEmailOf(claims);
}

function verifiedEmailOf(claims: Claims): string | undefined {
  const isVerified = claims["email_verified"] === true || claims["email_verified"] === "true";
  return isVerified ? textClaimAt(claims, "email") : undefined;
}

/** A provider that leaves the claim away says that there are none. */
function groupsOf(value: unknown): readonly string[] {
  return [value].flat().filter((group) => typeof group === "string" && group !== "") as string[];
}

/** @param reason for the log and the audit trail */
function refused({ title }: OidcProviderOptions, message: string, reason: string): RegistryError {
  return new RegistryError("denied", `${title} ${message}: ask its operator`, { cause: new Error(reason) });
}
