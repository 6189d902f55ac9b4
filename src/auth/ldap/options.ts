/** A directory that knows users and passwords: one server, or several with the same content. */
export interface LdapOptions {
  /** What accounts of this directory are marked with, as `ldap:<name>`. */
  readonly name: string;
  /** `ldap://` or `ldaps://` with host and port, in the order in which they are tried. */
  readonly urls: readonly string[];
  readonly tls: LdapTlsOptions;
  readonly bind: LdapBindOptions;
  readonly users: LdapUserOptions;
  /** `undefined`: the directory is not asked for groups. */
  readonly groups: LdapGroupOptions | undefined;
  /** For a connection with its TLS. */
  readonly connectTimeoutMs: number;
  /** For each question to a server. */
  readonly timeoutMs: number;
  /** How many sign-ins are under way at once. Each takes up to two connections. */
  readonly maxSignIns: number;
}

export interface LdapTlsOptions {
  /** Turns `ldap://` into TLS before anything else is said. */
  readonly startTls: boolean;
  /** PEM file of the authorities that may vouch for the servers; `undefined`: those of the system. */
  readonly caPath: string | undefined;
  /** The name in the servers' certificates where it is not the host of the URL. */
  readonly serverName: string | undefined;
  /** Believes any certificate. */
  readonly skipVerify: boolean;
}

/** Who looks for users. */
export type LdapBindOptions =
  /** An account that may search, or nobody without `dn`; users are found first, then their password is tried. */
  | { readonly kind: "search"; readonly dn: string | undefined; readonly password: string | undefined }
  /** The users themselves. `{user}` in the template is what they typed: a DN, or what Active Directory takes for one. */
  | { readonly kind: "direct"; readonly template: string };

export interface LdapUserOptions {
  /** `undefined` where the template of direct bind is the DN. */
  readonly baseDn: string | undefined;
  /** With `{user}`. */
  readonly filter: string;
  /** What users must fulfil beside. */
  readonly extraFilter: string | undefined;
  readonly attributes: LdapUserAttributes;
}

export interface LdapUserAttributes {
  readonly name: string;
  readonly displayName: string;
  readonly email: string;
  /** Never given to another entry. */
  readonly id: string;
}

export type LdapGroupOptions = LdapGroupSource & {
  /** Groups elsewhere in the tree do not count; `undefined`: all do. */
  readonly baseDn: string | undefined;
  /** How many groups of groups are followed up; 0: only groups that the user is in directly. */
  readonly maxDepth: number;
};

export type LdapGroupSource =
  /** The user's entry names its groups, and theirs name those above. */
  | { readonly kind: "attribute"; readonly attribute: string }
  /** Groups name their members: `{dn}` and `{user}` stand for the user, `{dn}` for a group on the way up. */
  | { readonly kind: "search"; readonly filter: string };
