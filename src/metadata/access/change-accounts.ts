import { type ExpressionBuilder, sql } from "kysely";
import type { Queries } from "../database.ts";
import { preparedQuery } from "../prepared-query.ts";
import type { Schema } from "../schema.ts";
import { removeRulesOf } from "./access-rules.ts";
import type { AccountRecord } from "./accounts.ts";
import { raiseAccessGeneration } from "./counters.ts";

/** What is absent there is not. */
export interface NewAccount extends Pick<AccountRecord, "name" | "kind" | "source"> {
  readonly externalId?: string | null | undefined;
  readonly displayName?: string | null | undefined;
  readonly email?: string | null | undefined;
  readonly passwordHash?: string | null | undefined;
  readonly mustChangePassword?: boolean | undefined;
  readonly systemRole?: AccountRecord["systemRole"] | undefined;
  readonly ownerPath?: string | null | undefined;
  readonly expiresAtMs?: number | null | undefined;
  readonly nowMs: number;
}

/** @returns its id. The name must be free. */
export async function insertAccount(queries: Queries, account: NewAccount): Promise<number> {
  await raiseAccessGeneration(queries);
  const { id } = await queries
    .insertInto("accounts")
    .values((values) => ({
      name: account.name,
      kind: account.kind,
      source: account.source,
      external_id: account.externalId ?? null,
      display_name: account.displayName ?? null,
      email: account.email ?? null,
      password_hash: account.passwordHash ?? null,
      must_change_password: toFlag(account.mustChangePassword ?? false),
      system_role: account.systemRole ?? null,
      owner_path: account.ownerPath ?? null,
      expires_at_ms: account.expiresAtMs ?? null,
      generation: accessGeneration(values),
      created_at_ms: account.nowMs,
      updated_at_ms: account.nowMs,
    }))
    .returning("id")
    .executeTakeFirstOrThrow();
  return id;
}

export type AccountChanges = Partial<
  Pick<
    AccountRecord,
    | "name"
    | "displayName"
    | "email"
    | "passwordHash"
    | "mustChangePassword"
    | "systemRole"
    | "isDisabled"
    | "expiresAtMs"
  >
> & { readonly nowMs: number };

/** Changes what is named, and nothing else. */
export async function updateAccount(queries: Queries, id: number, changes: AccountChanges): Promise<void> {
  const { mustChangePassword, isDisabled } = changes;
  await raiseAccessGeneration(queries);
  await queries
    .updateTable("accounts")
    .set({
      updated_at_ms: changes.nowMs,
      ...(changes.name !== undefined && { name: changes.name }),
      ...(changes.displayName !== undefined && { display_name: changes.displayName }),
      ...(changes.email !== undefined && { email: changes.email }),
      ...(changes.passwordHash !== undefined && { password_hash: changes.passwordHash }),
      ...(mustChangePassword !== undefined && { must_change_password: toFlag(mustChangePassword) }),
      ...(changes.systemRole !== undefined && { system_role: changes.systemRole }),
      ...(isDisabled !== undefined && { is_disabled: toFlag(isDisabled) }),
      ...(changes.expiresAtMs !== undefined && { expires_at_ms: changes.expiresAtMs }),
    })
    .where("id", "=", id)
    .execute();
}

/** Ends all tokens that were issued to the account so far. */
export async function raiseAccountGeneration(queries: Queries, id: number): Promise<void> {
  await raiseAccessGeneration(queries);
  await queries
    .updateTable("accounts")
    .set((values) => ({ generation: accessGeneration(values) }))
    .where("id", "=", id)
    .execute();
}

/** With all that it was given: rules, secrets, trusts, memberships, sessions. @returns whether there was one */
export async function removeAccount(queries: Queries, id: number): Promise<boolean> {
  await removeRulesOf(queries, `account:${id}`);
  const { numDeletedRows } = await queries.deleteFrom("accounts").where("id", "=", id).executeTakeFirst();
  return numDeletedRows > 0n;
}

const updateLastUsed = preparedQuery((queries, { id, nowMs }: { id: number; nowMs: number }) =>
  queries.updateTable("accounts").set({ last_used_at_ms: nowMs }).where("id", "=", id),
);

export async function putAccountLastUsed(queries: Queries, id: number, nowMs: number): Promise<void> {
  await updateLastUsed(queries, { id, nowMs });
}

function toFlag(value: boolean): 0 | 1 {
  return value ? 1 : 0;
}

/**
 * A number that no account has had so far, as it was just raised: also one that is made anew under an old name honours no
 * token of before.
 */
function accessGeneration(values: ExpressionBuilder<Schema, "accounts">) {
  return values
    .selectFrom("counters")
    .select(sql<number>`value`.as("value"))
    .where("room", "=", "access")
    .where("counters.name", "=", "generation");
}
