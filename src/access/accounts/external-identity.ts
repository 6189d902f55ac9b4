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
