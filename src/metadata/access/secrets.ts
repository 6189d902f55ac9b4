import type { Queries } from "../database.ts";
import { inGroups, preparedQuery } from "../prepared-query.ts";
import { raiseAccessGeneration } from "./counters.ts";

export type SecretKind = "robot" | "personal" | "refresh";

/** A password that the registry made, without itself. */
export interface SecretRecord {
  readonly id: number;
  readonly accountId: number;
  readonly kind: SecretKind;
  readonly name: string;
  /** JSON; `null`: for all that the account may do. */
  readonly limits: string | null;
  readonly createdAtMs: number;
  readonly expiresAtMs: number | null;
  readonly lastUsedAtMs: number | null;
}

const COLUMNS = [
  "id",
  "account_id as accountId",
  "kind",
  "name",
  "limits",
  "created_at_ms as createdAtMs",
  "expires_at_ms as expiresAtMs",
  "last_used_at_ms as lastUsedAtMs",
] as const;

const selectByHash = preparedQuery((queries, { hash }: { hash: string }) =>
  queries.selectFrom("secrets").select(COLUMNS).where("hash", "=", hash),
);

/** @param hash the SHA-256 of the secret, in hexadecimal */
export async function findSecretByHash(queries: Queries, hash: string): Promise<SecretRecord | undefined> {
  const [row] = await selectByHash(queries, { hash });
  return row;
}

export async function findSecret(
  queries: Queries,
  { accountId, id }: Pick<SecretRecord, "accountId" | "id">,
): Promise<SecretRecord | undefined> {
  return selectSecretsOf(queries, accountId).where("id", "=", id).executeTakeFirst();
}

/** In the order in which they were made. */
export async function listSecretsOf(
  queries: Queries,
  { accountId, kind }: Pick<SecretRecord, "accountId" | "kind">,
): Promise<readonly SecretRecord[]> {
  return selectSecretsOf(queries, accountId).where("kind", "=", kind).orderBy("id").execute();
}

function selectSecretsOf(queries: Queries, accountId: number) {
  return queries.selectFrom("secrets").select(COLUMNS).where("account_id", "=", accountId);
}

export interface NewSecret extends Pick<SecretRecord, "accountId" | "kind" | "name" | "limits" | "expiresAtMs"> {
  /** The SHA-256 of the secret, in hexadecimal. */
  readonly hash: string;
  readonly nowMs: number;
}

/** @returns its id. What one could do before does not change, so neither does the access generation. */
export async function insertSecret(queries: Queries, secret: NewSecret): Promise<number> {
  const { id } = await queries
    .insertInto("secrets")
    .values({
      account_id: secret.accountId,
      kind: secret.kind,
      name: secret.name,
      hash: secret.hash,
      limits: secret.limits,
      created_at_ms: secret.nowMs,
      expires_at_ms: secret.expiresAtMs,
    })
    .returning("id")
    .executeTakeFirstOrThrow();
  return id;
}

export async function removeSecret(queries: Queries, id: number): Promise<void> {
  await queries.deleteFrom("secrets").where("id", "=", id).execute();
  await raiseAccessGeneration(queries);
}

/** All personal tokens of an account. */
export async function removePersonalSecrets(queries: Queries, accountId: number): Promise<void> {
  await queries.deleteFrom("secrets").where("account_id", "=", accountId).where("kind", "=", "personal").execute();
  await raiseAccessGeneration(queries);
}

/**
 * Refresh tokens of an account; all but the `keep` that were used last. Where some stay the access generation does too: those
 * that go to make room need not end at once, and each login would have all rules read anew.
 */
export async function removeRefreshSecrets(
  queries: Queries,
  { accountId, keep }: { readonly accountId: number; readonly keep: number },
): Promise<void> {
  const rows = await queries
    .selectFrom("secrets")
    .select("id")
    .where("account_id", "=", accountId)
    .where("kind", "=", "refresh")
    .orderBy(({ fn }) => fn.coalesce("last_used_at_ms", "created_at_ms"), "desc")
    .orderBy("id", "desc")
    .execute();
  const ids = rows.slice(keep).map((row) => row.id);
  for (const some of inGroups(ids)) await queries.deleteFrom("secrets").where("id", "in", some).execute();
  if (keep === 0 && ids.length > 0) await raiseAccessGeneration(queries);
}

/** Removes what has expired before `beforeMs`: nobody can use it any more. */
export async function removeExpiredSecrets(queries: Queries, beforeMs: number): Promise<void> {
  await queries.deleteFrom("secrets").where("expires_at_ms", "<", beforeMs).execute();
}

const updateLastUsed = preparedQuery((queries, { id, nowMs }: { id: number; nowMs: number }) =>
  queries.updateTable("secrets").set({ last_used_at_ms: nowMs }).where("id", "=", id),
);

export async function putSecretLastUsed(queries: Queries, id: number, nowMs: number): Promise<void> {
  await updateLastUsed(queries, { id, nowMs });
}

export async function putSecretExpiry(queries: Queries, id: number, expiresAtMs: number): Promise<void> {
  await queries.updateTable("secrets").set({ expires_at_ms: expiresAtMs }).where("id", "=", id).execute();
}
