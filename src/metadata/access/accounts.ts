import type { Queries } from "../database.ts";
import type { NamePage } from "../page.ts";
import { preparedQuery } from "../prepared-query.ts";

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
