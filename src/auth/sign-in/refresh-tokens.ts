import { type ActOrigin, insertSecret, removeExpiredSecrets, removeRefreshSecrets } from "../../metadata/index.ts";
import { RegistryError } from "../../oci/index.ts";
import { type Accounts, createSecretText, hashOfSecret, isUnchanged, makeChange } from "../../access/index.ts";
import type { Identity } from "./sign-in.ts";

/** Since its last use. */
export const REFRESH_TOKEN_LIFE_MS = 90 * 24 * 60 * 60 * 1000;

/** Of an account: a job that logs in at each run leaves one behind each time. */
const MOST_REFRESH_TOKENS = 100;

/**
 * Makes a refresh token for somebody who has just signed in with a password. Those of the account that were used longest
 * ago go when there are too many.
 * @throws RegistryError `denied` for who did not sign in with a password, `login-failed` if the account has changed since
 */
export async function createRefreshToken(accounts: Accounts, identity: Identity, by: ActOrigin): Promise<string> {
  const { account, isByPassword, limits } = identity;
  if (!isByPassword || limits.length > 0)
    throw new RegistryError("denied", "a refresh token is only made for who signs in with a user's password");
  const text = createSecretText("refresh", accounts.random);
  await makeChange(accounts, { from: by }, async (change) => {
    const { queries, nowMs } = change;
    if (!(await isUnchanged(queries, account)))
      throw new RegistryError("login-failed", "the account has just changed: sign in again");
    await insertSecret(queries, {
      accountId: account.id,
      kind: "refresh",
      name: by.address ?? "",
      limits: null,
      hash: hashOfSecret(text),
      expiresAtMs: nowMs + REFRESH_TOKEN_LIFE_MS,
      nowMs,
    });
    await removeRefreshSecrets(queries, { accountId: account.id, keep: MOST_REFRESH_TOKENS });
    await removeExpiredSecrets(queries, nowMs);
    await change.record({ act: "secret.create", target: account.name, detail: { kind: "refresh" } });
  });
  return text;
}
