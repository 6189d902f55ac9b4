import { type ExpressionBuilder, sql } from "kysely";
import type { Queries } from "../database.ts";
import type { NamePage } from "../page.ts";
import { preparedQuery } from "../prepared-query.ts";
import type { Schema } from "../schema.ts";
import { removeRulesOf } from "./access-rules.ts";
import { raiseAccessGeneration } from "./counters.ts";

/** Somebody who can sign in. `null` is what there is not. */
export interface AccountRecord {
  readonly id: number;
  readonly name: string;
  readonly kind: "user" | "robot";
  readonly source: string;
  readonly externalId: string | null;
  readonly displayName: string | null;
  readonly email: string | null;
  readonly passwordHash: string | null;
  readonly mustChangePassword: boolean;
  readonly systemRole: "administrator" | "auditor" | null;
  readonly ownerPath: string | null;
  readonly isDisabled: boolean;
  readonly generation: number;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  readonly expiresAtMs: number | null;
  readonly lastUsedAtMs: number | null;
}

const COLUMNS = [
  "id",
  "name",
  "kind",
  "source",
  "external_id as externalId",
  "display_name as displayName",
  "email",
  "password_hash as passwordHash",
  "must_change_password as mustChangePassword",
  "system_role as systemRole",
  "owner_path as ownerPath",
  "is_disabled as isDisabled",
  "generation",
  "created_at_ms as createdAtMs",
  "updated_at_ms as updatedAtMs",
  "expires_at_ms as expiresAtMs",
  "last_used_at_ms as lastUsedAtMs",
] as const;

type Flags = "mustChangePassword" | "isDisabled";
type AccountRow = Omit<AccountRecord, Flags> & Readonly<Record<Flags, 0 | 1>>;

function toAccount(row: AccountRow): AccountRecord {
  return { ...row, mustChangePassword: row.mustChangePassword === 1, isDisabled: row.isDisabled === 1 };
}

const selectByName = preparedQuery((queries, { name }: { name: string }) =>
  queries.selectFrom("accounts").select(COLUMNS).where("name", "=", name),
);

export async function findAccountRecord(queries: Queries, name: string): Promise<AccountRecord | undefined> {
  const [row] = await selectByName(queries, { name });
  return row && toAccount(row);
}

const selectById = preparedQuery((queries, { id }: { id: number }) =>
  queries.selectFrom("accounts").select(COLUMNS).where("id", "=", id),
);

export async function findAccountRecordById(queries: Queries, id: number): Promise<AccountRecord | undefined> {
  const [row] = await selectById(queries, { id });
  return row && toAccount(row);
}

/** The account that a directory or a provider means by one of its own ids. */
export async function findExternalAccountRecord(
  queries: Queries,
  { source, externalId }: { readonly source: string; readonly externalId: string },
): Promise<AccountRecord | undefined> {
  const row = await queries
    .selectFrom("accounts")
    .select(COLUMNS)
    .where("source", "=", source)
    .where("external_id", "=", externalId)
    .executeTakeFirst();
  return row && toAccount(row);
}

export interface AccountPage extends NamePage {
  readonly kind: AccountRecord["kind"];
  /** Only robots of this node, not of those below it. */
  readonly ownerPath?: string | undefined;
}

/** In the byte order of their names. */
export async function listAccountRecords(queries: Queries, page: AccountPage): Promise<readonly AccountRecord[]> {
  const accounts = queries
    .selectFrom("accounts")
    .select(COLUMNS)
    .where("kind", "=", page.kind)
    .where("name", ">", page.after);
  const wanted = page.ownerPath === undefined ? accounts : accounts.where("owner_path", "=", page.ownerPath);
  const rows = await wanted.orderBy("name").limit(page.limit).execute();
  return rows.map(toAccount);
}

/** Whether there is one at all, disabled or not. */
export async function hasAdministrator(queries: Queries): Promise<boolean> {
  const row = await queries
    .selectFrom("accounts")
    .select("id")
    .where("system_role", "=", "administrator")
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

/** Whether there is an administrator who is not disabled, beside this account. */
export async function hasOtherAdministrator(queries: Queries, id: number): Promise<boolean> {
  const row = await queries
    .selectFrom("accounts")
    .select("id")
    .where("system_role", "=", "administrator")
    .where("is_disabled", "=", 0)
    .where("id", "!=", id)
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

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
