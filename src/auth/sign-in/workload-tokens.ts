import type { Account } from "../../access/index.ts";

/** Knows which robot a job may be, by the ID token that its CI system gave it. */
export interface WorkloadTokens {
  /**
   * @param robotName `undefined`: the token says it, as far as one robot only trusts it
   * @throws RegistryError `login-failed` if no robot trusts the token; `unavailable` if that cannot be found out now
   */
  robotOf(idToken: string, robotName: string | undefined): Promise<Account>;
}
