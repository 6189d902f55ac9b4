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
export { principalOf, RuledAuthenticator } from "./ruled-authenticator.ts";
export type { BrowserCookies } from "./sessions/cookies.ts";
export { type PageRequest, refuseOtherSites, requireOwnPage } from "./sessions/require-own-page.ts";
export { WebSessions } from "./sessions/web-sessions.ts";
export { createSignIn, type SignInOptions, type SignInParts } from "./sign-in/create-sign-in.ts";
export type { PasswordSource } from "./sign-in/password-source.ts";
export type { Identity, SignIn } from "./sign-in/sign-in.ts";
export {
  bearerChallenge,
  EXTERNAL_ALGORITHMS,
  type ExternalAlgorithm,
  type ExternalTokenOptions,
  formatScope,
  type GrantAccess,
  type IssuedToken,
  openSealSecret,
  parseScopes,
  realmOf,
  Seal,
  type SigningKeys,
  type TokenAccess,
  type TokenAlgorithm,
  type TokenIssuer,
  type TokenOptions,
} from "./tokens/index.ts";
