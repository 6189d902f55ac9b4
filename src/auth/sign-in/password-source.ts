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

  /**
   * Whom it knows under the name and would let in, without a password: asked from time to time for those who come with a
   * token of ours. Absent: it cannot say, so that nobody of it is given refresh tokens.
   * @throws RegistryError `unavailable` if it cannot be found out now
   */
  findUser?(username: string): Promise<ExternalIdentity | undefined>;

  /** Set: it remembers by itself what it found right and sees at once what has changed, so that it is asked each time. */
  readonly remembers?: boolean;

  close(): Promise<void>;
}
