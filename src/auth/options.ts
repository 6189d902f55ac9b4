/** What the room is told by the configuration. */
export type {
  LdapBindOptions,
  LdapGroupOptions,
  LdapOptions,
  LdapTlsOptions,
  LdapUserOptions,
} from "./ldap/options.ts";
