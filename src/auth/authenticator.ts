import type { Principal } from "./principal.ts";

/** Finds out who asks. */
export interface Authenticator {
  /** Value of `WWW-Authenticate` for those who are not let in; `""` if everybody is. */
  readonly challenge: string;

  /**
   * @param authorization the request's header, `null` if it has none
   * @returns `undefined` if the caller is not let in
   * @throws RegistryError `too-many-requests` if it cannot be found out now
   */
  authenticate(authorization: string | null): Principal | undefined | Promise<Principal | undefined>;

  close(): void;
}
