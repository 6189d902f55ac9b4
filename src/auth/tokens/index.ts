/** Tokens: what they say, the keys behind them, how they are made and believed. Who is granted what is not known here. */
export { type BearerChallenge, bearerChallenge } from "./bearer-challenge.ts";
export type { GrantAccess } from "./grant-access.ts";
export type { TokenOptions } from "./options.ts";
export type { ExternalTokenVerifier } from "./external/external-token-verifier.ts";
export type { ReportFault } from "./external/followed-file.ts";
export { EXTERNAL_ALGORITHMS, type ExternalAlgorithm, type ExternalTokenOptions, realmOf } from "./external/options.ts";
export type { FetchKeySet } from "./external/remote-key-set.ts";
export type { TrustedKeysParts } from "./external/trusted-keys.ts";
export { formatScope, parseScopes } from "./scopes.ts";
export { Seal } from "./seal.ts";
export { openSealSecret, type SealSecretParts } from "./seal-secret.ts";
export type { SigningKeys, SigningKeysParts } from "./signing-keys.ts";
export type { TokenAccess } from "./token-access.ts";
export type { IssuedToken, TokenIssuer, TokenIssuerParts, TokenRequest } from "./token-issuer.ts";
export type { PublicJwk, TokenAlgorithm } from "./token-key.ts";
export type { TokenVerifier, TokenVerifierParts } from "./token-verifier.ts";
export type { BearerVerifier, ExpirableToken, VerifiedToken } from "./verified-token.ts";
