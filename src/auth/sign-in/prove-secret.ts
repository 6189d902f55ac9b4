import { type ActOrigin, findSecretByHash, type SecretKind, type SecretRecord } from "../../metadata/index.ts";
import {
  type AccessLimit,
  type Account,
  type Accounts,
  findAccountById,
  hashOfSecret,
  isUsable,
  isWholeSecret,
} from "../../access/index.ts";
import { type ExternalUsers, vouchedUntilMs } from "./external-users.ts";
import type { Outcome } from "./proof.ts";
import { REFRESH_TOKEN_LIFE_MS } from "./refresh-tokens.ts";

/** One that made room for others ends within this time. */
const REFRESH_TOKEN_KNOWN_MS = 60_000;

export interface SecretCheck {
  readonly accounts: Accounts;
  readonly externalUsers: ExternalUsers;
}

export interface PresentedSecret {
  readonly text: string;
  readonly kind: SecretKind;
  /** Has to be the account's, if there is one. */
  readonly username: string | undefined;
}

/** A secret cannot be guessed, so that it need not be looked up in constant time. */
export async function proveSecret(check: SecretCheck, presented: PresentedSecret, by: ActOrigin): Promise<Outcome> {
  const { reads } = check.accounts.metadata;
  const { text, kind, username } = presented;
  if (!isWholeSecret(text)) return { refusal: "the secret is not whole", isNoSecret: true };
  const secret = await findSecretByHash(reads, hashOfSecret(text));
  if (secret?.kind !== kind) return { refusal: "there is no such secret, or no longer" };
  const account = await findAccountById(reads, secret.accountId);
  if (!account || (username !== undefined && account.name !== username))
    return { refusal: "the secret belongs to another account" };
  const nowMs = check.accounts.clock.nowMs();
  if (secret.expiresAtMs !== null && secret.expiresAtMs <= nowMs) return { refusal: "the secret has expired" };
  if (!isUsable(account, nowMs)) return { refusal: "the account is disabled or has expired" };
  return proveStillKnown(check, { secret, account }, by);
}

async function proveStillKnown(
  { accounts, externalUsers }: SecretCheck,
  { secret, account }: { readonly secret: SecretRecord; readonly account: Account },
  by: ActOrigin,
): Promise<Outcome> {
  const untilMs = await vouchedUntilMs(externalUsers, account, by);
  if (untilMs === undefined) return { refusal: `${account.source} does not know the user any more` };
  // The source may have said other groups.
  const current = (await findAccountById(accounts.metadata.reads, account.id)) ?? account;
  const isRefresh = secret.kind === "refresh";
  const nowMs = accounts.clock.nowMs();
  const ends = [isRefresh ? null : secret.expiresAtMs, current.expiresAtMs].filter((end) => typeof end === "number");
  return {
    identity: {
      account: current,
      limits: secret.limits === null ? [] : (JSON.parse(secret.limits) as readonly AccessLimit[]),
      expiresAtMs: ends.length === 0 ? undefined : Math.min(...ends),
      vouchedUntilMs: untilMs,
      isByPassword: false,
    },
    untilMs: isRefresh ? Math.min(untilMs, nowMs + REFRESH_TOKEN_KNOWN_MS) : untilMs,
    secretId: secret.id,
    expiresAtMs: isRefresh ? nowMs + REFRESH_TOKEN_LIFE_MS : undefined,
  };
}
