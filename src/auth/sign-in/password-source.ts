import type { ExternalIdentity } from "../../access/index.ts";

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
}
