/** Whom a directory or a provider knows under a name. */
export interface ExternalIdentity {
  /** What people sign in with. */
  readonly name: string;
  /** What the source calls the account and never calls another, such as `entryUUID` or `sub`. */
  readonly externalId: string;
  readonly displayName: string | undefined;
  readonly email: string | undefined;
  /** Names of groups there, nested ones included; `undefined`: the source does not say. */
  readonly groups: readonly string[] | undefined;
}

/** Knows passwords that are kept elsewhere: a file, a directory. */
export interface PasswordSource {
  /** `htpasswd`, `ldap:<server>`. */
  readonly name: string;

  /**
   * @returns whom the password is of; `unknown-user` if another source may know the name
   * @throws RegistryError `unavailable` if it cannot be found out now
   */
  checkPassword(username: string, password: string): Promise<ExternalIdentity | "unknown-user" | "wrong-password">;

  close(): Promise<void>;
}
