/**
 * Who is asking: passwords, secrets, tokens, sessions, certificates, and those who vouch for people elsewhere. It knows nothing of HTTP
 * beyond the text of one header, and nothing of what somebody may do: that is in `access/`.
 */
export type { Authenticator, Challenge } from "./authenticator.ts";
export { basicChallenge, type BasicCredentials, parseBasicCredentials } from "./basic-credentials.ts";
export type { CertificateSignIn } from "./client-certificates/certificate-sign-in.ts";
export type { CertificateHeaderOptions, ClientCertificateOptions } from "./client-certificates/options.ts";
export { ExternalTokenAuthenticator } from "./external-token-authenticator.ts";
export { grantByRules } from "./grant-by-rules.ts";
export { createHtpasswdIfMissing } from "./htpasswd/create-htpasswd.ts";
export { findHtpasswdProblems } from "./htpasswd/htpasswd-file.ts";
export { HtpasswdSource } from "./htpasswd/htpasswd-source.ts";
export { findHtpasswdRules, seedHtpasswdRules } from "./htpasswd/seed-htpasswd-rules.ts";
export { loadOptionalCode } from "./load-optional-code.ts";
export type { FinishedSignIn, OidcProviders } from "./oidc/oidc-providers.ts";
export type { OidcProviderOptions } from "./oidc/options.ts";
export { openToAll } from "./open-to-all.ts";
export { RuledAuthenticator } from "./ruled-authenticator.ts";
export type { BrowserCookies } from "./sessions/cookies.ts";
export { type PageRequest, refuseOtherSites, requireOwnPage } from "./sessions/require-own-page.ts";
export { WebSessions } from "./sessions/web-sessions.ts";
export { createSignIn, type SignInOptions, type SignInParts } from "./sign-in/create-sign-in.ts";
export type { PasswordSource } from "./sign-in/password-source.ts";
export type { Identity, SignIn } from "./sign-in/sign-in.ts";
export { bearerChallenge } from "./tokens/bearer-challenge.ts";
export {
  EXTERNAL_ALGORITHMS,
  type ExternalAlgorithm,
  type ExternalTokenOptions,
  realmOf,
} from "./tokens/external/options.ts";
export type { GrantAccess } from "./tokens/grant-access.ts";
export type { TokenOptions } from "./tokens/options.ts";
export { formatScope, parseScopes } from "./tokens/scopes.ts";
export { openSealSecret } from "./tokens/seal-secret.ts";
export { Seal } from "./tokens/seal.ts";
export type { SigningKeys } from "./tokens/signing-keys.ts";
export type { TokenAccess } from "./tokens/token-access.ts";
export type { IssuedToken, TokenIssuer } from "./tokens/token-issuer.ts";
export type { TokenAlgorithm } from "./tokens/token-key.ts";
