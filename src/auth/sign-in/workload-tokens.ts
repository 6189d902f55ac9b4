import type { Account } from "../accounts/account.ts";

/** Knows whose ID tokens make a robot of a job. */
export interface WorkloadTokens {
  /**
   * The robot that the job with this ID token is.
   * @param robotName which robot the job wants to be; `undefined`: the only one that it can be
   * @throws RegistryError `login-failed`, `unavailable` if the issuer's keys cannot be had now
   */
  robotOf(idToken: string, robotName: string | undefined): Promise<Account>;
}
