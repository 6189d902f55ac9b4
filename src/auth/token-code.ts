/** What signs and checks tokens of ours and of others, with the libraries for it; see `loadTokenCode`. */
export { createWorkloadTokens } from "./oidc/create-workload-tokens.ts";
export { OidcProviders } from "./oidc/oidc-providers.ts";
export { ExternalTokenVerifier } from "./tokens/external/external-token-verifier.ts";
export { SigningKeys } from "./tokens/signing-keys.ts";
export { TokenIssuer } from "./tokens/token-issuer.ts";
export { TokenVerifier } from "./tokens/token-verifier.ts";
