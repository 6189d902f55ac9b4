import type { ActOrigin } from "../../metadata/index.ts";
import type { AccessLimit, Account } from "../../access/index.ts";
import type { BasicCredentials } from "../basic-credentials.ts";

/** Who somebody has proved to be, and what the proof is good for. */
export interface Identity {
  readonly account: Account;
  /** Empty: for all that the account may do. */
  readonly limits: readonly AccessLimit[];
  /** `undefined`: for good. */
  readonly expiresAtMs: number | undefined;
  /** Until when the word of a directory holds, which then has to be asked again; absent: there is none to ask. */
  readonly vouchedUntilMs?: number | undefined;
  /** Whether a password of a person was the proof, which refresh tokens may be made of. */
  readonly isByPassword: boolean;
}

/** Finds out who somebody is by what they send. Every attempt is in the audit trail. */
export interface SignIn {
  /**
   * By the password of a user, a robot's secret, a personal access token, or a job's ID token.
   * @throws RegistryError `login-failed` with the user name as its detail, `too-many-requests` while the account or the
   *   address is locked out, `unavailable`
   */
  byPassword(credentials: BasicCredentials, from: ActOrigin): Promise<Identity>;

  /**
   * Asks the directory that knows an account whether it still lets it in, and takes over the groups that it says now.
   * @returns until when that holds; `undefined`: it does not
   * @throws RegistryError `unavailable`
   */
  vouchedUntilMs(account: Account, from: ActOrigin): Promise<number | undefined>;

  /** Whether somebody is locked out at present, as far as this process knows: what is remembered of passwords is not enough then. */
  isAnybodyWaiting(): boolean;

  /** @throws RegistryError `login-failed`, `too-many-requests` */
  byRefreshToken(token: string, from: ActOrigin): Promise<Identity>;

  /** @returns a new secret that `byRefreshToken` takes, shown once */
  createRefreshToken(identity: Identity, from: ActOrigin): Promise<string>;
}
