import {
  type AccountRecord,
  findAccountRecord,
  findAccountRecordById,
  listGroupIdsOf,
  type Queries,
} from "../../metadata/index.ts";
import type { Account } from "./account.ts";

/** The account of this name as it is now, in two prepared queries. */
export async function findAccount(queries: Queries, name: string): Promise<Account | undefined> {
  const record = await findAccountRecord(queries, name);
  return record && toAccount(queries, record);
}

/** As {@link findAccount}. */
export async function findAccountById(queries: Queries, id: number): Promise<Account | undefined> {
  const record = await findAccountRecordById(queries, id);
  return record && toAccount(queries, record);
}

/** What of a row concerns access, with the groups. */
export async function toAccount(queries: Queries, record: AccountRecord): Promise<Account> {
  return {
    id: record.id,
    name: record.name,
    kind: record.kind,
    source: record.source,
    systemRole: record.systemRole ?? undefined,
    ownerPath: record.ownerPath ?? undefined,
    groupIds: await listGroupIdsOf(queries, record.id),
    generation: record.generation,
    isDisabled: record.isDisabled,
    expiresAtMs: record.expiresAtMs ?? undefined,
    mustChangePassword: record.mustChangePassword,
  };
}

/** Whether an account is good still, and has ended no tokens since it was looked up, as a new password does. */
export async function isUnchanged(
  queries: Queries,
  { id, generation }: Pick<Account, "id" | "generation">,
): Promise<boolean> {
  const record = await findAccountRecordById(queries, id);
  return record !== undefined && !record.isDisabled && record.generation === generation;
}

/** Whether the account can do anything at this time. */
export function isUsable(
  { isDisabled, expiresAtMs }: Pick<Account, "isDisabled" | "expiresAtMs">,
  nowMs: number,
): boolean {
  return !isDisabled && (expiresAtMs === undefined || nowMs < expiresAtMs);
}
