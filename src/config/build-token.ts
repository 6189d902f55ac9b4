import type { z } from "zod";
import { type SigningAlgorithm, signingAlgorithms, type tokenKeys } from "./keys/token-keys.ts";

/** Tokens of an authorization server that is another program. */
export interface ExternalTokenConfig {
  readonly realm: string;
  /** Clients are sent to this path of the registry's own host, in the place of the realm. */
  readonly redirectPath: string | undefined;
  readonly service: string;
  readonly issuer: string;
  readonly certificatesPath: string | undefined;
  readonly keySet: { readonly path: string } | { readonly url: string } | undefined;
  readonly algorithms: readonly SigningAlgorithm[];
}

export function buildToken(token: NonNullable<z.output<typeof tokenKeys>>): ExternalTokenConfig {
  return {
    realm: token.realm,
    redirectPath: token.autoredirect ? token.autoredirectpath : undefined,
    service: token.service,
    issuer: token.issuer,
    certificatesPath: token.rootcertbundle,
    keySet: token.jwks === undefined ? undefined : buildKeySet(token.jwks),
    algorithms: token.signingalgorithms.length > 0 ? token.signingalgorithms : signingAlgorithms,
  };
}

function buildKeySet(jwks: string): NonNullable<ExternalTokenConfig["keySet"]> {
  return isUrl(jwks) ? { url: jwks } : { path: jwks };
}

function isUrl(text: string): boolean {
  return /^https?:\/\//iu.test(text);
}
