/** What only some ways to sign in need, with the libraries for it; see `loadOptionalCode`. */
export { createCertificateRules } from "./client-certificates/certificate-rules.ts";
export { CertificateSignIn } from "./client-certificates/certificate-sign-in.ts";
export { openLdapSource } from "./ldap/ldap-source.ts";
export { createWorkloadTokens } from "./oidc/create-workload-tokens.ts";
export { OidcProviders } from "./oidc/oidc-providers.ts";
export { ExternalTokenVerifier } from "./tokens/external/external-token-verifier.ts";
export { SigningKeys } from "./tokens/signing-keys.ts";
export { TokenIssuer } from "./tokens/token-issuer.ts";
export { TokenVerifier } from "./tokens/token-verifier.ts";
