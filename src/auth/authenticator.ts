import type { ActOrigin } from "../metadata/index.ts";
import type { Soon } from "../runtime/index.ts";
import type { Caller } from "../access/index.ts";

/** What a refused client is to be told of how to get in. */
export interface Challenge {
  /** Scheme and host under which the client knows the registry. */
  readonly origin: string;
  /** What a token must be good for, such as `repository:app:pull`. */
  readonly scopes: readonly string[];
  readonly error?: "invalid_token" | "insufficient_scope" | undefined;
}

/** Finds out who asks. */
export interface Authenticator {
  /** Value of `WWW-Authenticate` for those who are not let in; `""` if everybody is. */
  challenge(challenge: Challenge): string;

  /**
   * @param authorization the request's header, `null` if it has none: then a certificate may say who it is, or nobody does
   * @throws RegistryError `login-failed` with the user name as its detail, or `token-invalid`, if it is wrong;
   *   `too-many-requests` or `unavailable` if that cannot be found out now; `password-change-needed`
   */
  authenticate(authorization: string | null, from: RequestOrigin): Soon<Caller>;
}

/** Where a request comes from; read only where somebody wants to know. */
export interface RequestOrigin extends Pick<ActOrigin, "address" | "requestId"> {
  /**
   * DER of the certificate that the client has shown, which is verified; absent: there is none.
   * @throws RegistryError `login-failed` where it cannot be read
   */
  readonly clientCertificate?: Uint8Array | undefined;
}
