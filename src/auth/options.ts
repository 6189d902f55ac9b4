/** What the room is told by the configuration. */
export type {
  CertificateHeaderOptions,
  CertificateRuleOptions,
  ClientCertificateOptions,
} from "./client-certificates/options.ts";
export type {
  LdapBindOptions,
  LdapGroupOptions,
  LdapOptions,
  LdapTlsOptions,
  LdapUserOptions,
} from "./ldap/options.ts";
export type { OidcProviderOptions, WorkloadIssuerOptions, WorkloadOptions } from "./oidc/options.ts";
export type { SessionOptions } from "./sessions/options.ts";
export { EXTERNAL_ALGORITHMS, type ExternalAlgorithm, type ExternalTokenOptions } from "./tokens/external/options.ts";
export type { TokenOptions } from "./tokens/options.ts";
