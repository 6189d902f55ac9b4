import type { z } from "zod";
import type { OidcProviderOptions, SessionOptions, WorkloadOptions } from "../auth/options.ts";
import type { oidcKeys, sessionKeys, workloadKeys } from "./keys/oidc-keys.ts";

type ProviderSettings = z.output<typeof oidcKeys>[number];

interface AccessSettings extends Pick<ProviderSettings, "issuer" | "privatenetworks" | "insecurehttp"> {
  readonly ca?: string | undefined;
}

/** The providers. Wants settings that `checkOidc` has nothing to say of. */
export function buildOidc(settings: readonly ProviderSettings[]): readonly OidcProviderOptions[] {
  return settings.map((provider) => ({
    ...buildAccess(provider),
    name: provider.name,
    title: provider.title ?? provider.name,
    clientId: provider.clientid,
    clientSecret: provider.clientsecret,
    scopes: buildScopes(provider.scopes),
    usernameClaim: provider.usernameclaim,
    displayNameClaim: provider.displaynameclaim,
    groupsClaim: provider.groupsclaim,
    requiredClaims: provider.requiredclaims,
    emailDomains: provider.emaildomains,
  }));
}

export function buildWorkloads({ issuers, maxtokenage }: z.output<typeof workloadKeys>): WorkloadOptions {
  return {
    issuers: issuers.map((issuer) => ({
      ...buildAccess(issuer),
      jwksUri: issuer.jwksuri,
      jwksPath: issuer.jwksfile,
      bearerTokenPath: issuer.bearertokenfile,
    })),
    maxTokenAgeMs: maxtokenage,
  };
}

export function buildSessions({ idletimeout, maxage }: z.output<typeof sessionKeys>): SessionOptions {
  return { idleTimeoutMs: idletimeout, maxAgeMs: maxage };
}

function buildAccess({ issuer, ca, privatenetworks, insecurehttp }: AccessSettings) {
  return { issuer, caPath: ca, privateNetworks: privatenetworks, allowHttp: insecurehttp };
}

function buildScopes(scopes: readonly string[]): readonly string[] {
  return [...new Set(["openid", ...(scopes.length > 0 ? scopes : ["profile", "email"])])];
}
