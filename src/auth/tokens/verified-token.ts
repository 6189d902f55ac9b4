import { RegistryError } from "../../oci/index.ts";
import type { Soon } from "../../runtime/index.ts";
import type { AccessLimit } from "../../access/index.ts";
import type { TokenAccess } from "./token-access.ts";

/** What a token says, whose signature, issuer and audience are right. */
export interface VerifiedToken {
  /** The name of an account; `""` for nobody. */
  readonly subject: string;
  /** Of the account when the token was issued; 0 if the issuer has none. */
  readonly generation: number;
  readonly access: readonly TokenAccess[];
  /** What the proof that the token was issued for was good for at most; empty: all that the account may do. */
  readonly limits: readonly AccessLimit[];
  /** 0 if the issuer does not say. */
  readonly issuedAtMs: number;
  /** Exclusive. */
  readonly expiresAtMs: number;
}

export interface ExpirableToken extends VerifiedToken {
  readonly isExpired: boolean;
}

/** Finds out what tokens say. */
export interface BearerVerifier {
  /** At once for a token that it has seen. @throws RegistryError `token-invalid`, `unavailable` */
  verify(token: string): Soon<VerifiedToken>;

  /**
   * Takes one that has expired not longer than a day ago too: for finishing what it was good for when it was begun.
   * @throws RegistryError `token-invalid`, `unavailable`
   */
  verifyExpired(token: string): Soon<ExpirableToken>;
}

/** @param reason goes on from "the token …"; a client may see it */
export function invalidToken(reason: string, cause?: unknown): RegistryError {
  return new RegistryError("token-invalid", `the token ${reason}: ask for a new one`, { cause });
}
