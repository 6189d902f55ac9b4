import type { Principal } from "./principal.ts";

/** Finds out who asks. */
export interface Authenticator {
  /** Value of `WWW-Authenticate` for those who are not let in; `""` if everybody is. */
  readonly challenge: string;

  /**
   * @param authorization the request's header, `null` if it has none
   * @returns `undefined` if the caller sent no credentials, and is not let in without
   * @throws RegistryError `login-failed` if they are wrong, with the user name as its detail; `too-many-requests` if that
   * cannot be found out now
   */
  authenticate(authorization: string | null): Principal | undefined | Promise<Principal | undefined>;

  close(): void;
}
