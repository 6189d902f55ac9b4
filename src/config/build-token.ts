import type { z } from "zod";
import { EXTERNAL_ALGORITHMS, type ExternalTokenOptions } from "../auth/options.ts";
import type { tokenKeys } from "./keys/token-keys.ts";

export function buildToken(token: NonNullable<z.output<typeof tokenKeys>>): ExternalTokenOptions {
  return {
    realm: token.realm,
    redirectPath: token.autoredirect ? token.autoredirectpath : undefined,
    service: token.service,
    issuer: token.issuer,
    certificatesPath: token.rootcertbundle,
    keySet: token.jwks === undefined ? undefined : buildKeySet(token.jwks),
    algorithms: token.signingalgorithms.length > 0 ? token.signingalgorithms : EXTERNAL_ALGORITHMS,
  };
}

function buildKeySet(jwks: string): NonNullable<ExternalTokenOptions["keySet"]> {
  return isUrl(jwks) ? { url: jwks } : { path: jwks };
}

function isUrl(text: string): boolean {
  return /^https?:\/\//iu.test(text);
}
