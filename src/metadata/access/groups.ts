import type { Queries } from "../database.ts";
import type { NamePage } from "../page.ts";
import { preparedQuery } from "../prepared-query.ts";
import { removeRulesOf } from "./access-rules.ts";
import { raiseAccessGeneration } from "./counters.ts";

export interface GroupRecord {
  readonly id: number;
  readonly name: string;
  readonly description: string | null;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
}

const COLUMNS = ["id", "name", "description", "created_at_ms as createdAtMs", "updated_at_ms as updatedAtMs"] as const;

export async function findGroupRecord(queries: Queries, name: string): Promise<GroupRecord | undefined> {
  return queries.selectFrom("groups").select(COLUMNS).where("name", "=", name).executeTakeFirst();
}

export async function findGroupRecordById(queries: Queries, id: number): Promise<GroupRecord | undefined> {
  return queries.selectFrom("groups").select(COLUMNS).where("id", "=", id).executeTakeFirst();
}

/** In the byte order of their names. */
export async function listGroupRecords(queries: Queries, page: NamePage): Promise<readonly GroupRecord[]> {
  return queries
    .selectFrom("groups")
    .select(COLUMNS)
    .where("name", ">", page.after)
    .orderBy("name")
    .limit(page.limit)
    .execute();
}

export interface NewGroup extends Pick<GroupRecord, "name" | "description"> {
  readonly nowMs: number;
}

/** @returns its id. The name must be free. */
export async function insertGroup(queries: Queries, { name, description, nowMs }: NewGroup): Promise<number> {
  await raiseAccessGeneration(queries);
  const { id } = await queries
    .insertInto("groups")
    .values({ name, description, created_at_ms: nowMs, updated_at_ms: nowMs })
    .returning("id")
    .executeTakeFirstOrThrow();
  return id;
}

export async function updateGroup(queries: Queries, id: number, { name, description, nowMs }: NewGroup): Promise<void> {
  await raiseAccessGeneration(queries);
  await queries.updateTable("groups").set({ name, description, updated_at_ms: nowMs }).where("id", "=", id).execute();
}

/** With its rules, members and mappings. @returns whether there was one */
export async function removeGroup(queries: Queries, id: number): Promise<boolean> {
  await removeRulesOf(queries, `group:${id}`);
  const { numDeletedRows } = await queries.deleteFrom("groups").where("id", "=", id).executeTakeFirst();
  return numDeletedRows > 0n;
}

/** `source` is who says so: `local`, or the directory or provider at the last sign-in. */
export interface GroupMemberRecord {
  readonly accountId: number;
  readonly name: string;
  readonly kind: "user" | "robot";
  readonly source: string;
}

/** In the byte order of their names; once for each source that says so, all of which are on one page. */
export async function listGroupMembers(
  queries: Queries,
  groupId: number,
  page: NamePage,
): Promise<readonly GroupMemberRecord[]> {
  const names = queries
    .selectFrom("accounts as a")
    .select("a.id")
    .where("a.name", ">", page.after)
    .where("a.id", "in", (members) =>
      members.selectFrom("group_members").select("account_id").where("group_id", "=", groupId),
    )
    .orderBy("a.name")
    .limit(page.limit);
  return queries
    .selectFrom("group_members as m")
    .innerJoin("accounts as a", "a.id", "m.account_id")
    .select(["a.id as accountId", "a.name", "a.kind", "m.source"])
    .where("m.group_id", "=", groupId)
    .where("a.id", "in", names)
    .orderBy("a.name")
    .orderBy("m.source")
    .execute();
}

const selectGroupIds = preparedQuery((queries, { accountId }: { accountId: number }) =>
  queries.selectFrom("group_members").select("group_id").distinct().where("account_id", "=", accountId),
);

/** The groups that an account is in, whoever says so. */
export async function listGroupIdsOf(queries: Queries, accountId: number): Promise<readonly number[]> {
  const rows = await selectGroupIds(queries, { accountId });
  return rows.map((row) => row.group_id);
}

/** In the byte order of their names. */
export async function listGroupRecordsOf(queries: Queries, accountId: number): Promise<readonly GroupRecord[]> {
  return queries
    .selectFrom("groups")
    .select(COLUMNS)
    .where("id", "in", (members) =>
      members.selectFrom("group_members").select("group_id").where("account_id", "=", accountId),
    )
    .orderBy("name")
    .execute();
}

export interface GroupMembership {
  readonly groupId: number;
  readonly accountId: number;
  readonly source: string;
}

/** @returns whether it is new */
export async function putGroupMember(queries: Queries, membership: GroupMembership): Promise<boolean> {
  const { groupId, accountId, source } = membership;
  const { numInsertedOrUpdatedRows } = await queries
    .insertInto("group_members")
    .values({ group_id: groupId, account_id: accountId, source })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  const isNew = (numInsertedOrUpdatedRows ?? 0n) > 0n;
  if (isNew) await raiseAccessGeneration(queries);
  return isNew;
}

/** @returns whether there was one */
export async function removeGroupMember(queries: Queries, membership: GroupMembership): Promise<boolean> {
  const { groupId, accountId, source } = membership;
  const { numDeletedRows } = await queries
    .deleteFrom("group_members")
    .where("group_id", "=", groupId)
    .where("account_id", "=", accountId)
    .where("source", "=", source)
    .executeTakeFirst();
  if (numDeletedRows > 0n) await raiseAccessGeneration(queries);
  return numDeletedRows > 0n;
}

/** The groups that an account is in as far as one source says. */
export async function listGroupIdsBySource(
  queries: Queries,
  { accountId, source }: Omit<GroupMembership, "groupId">,
): Promise<readonly number[]> {
  const rows = await queries
    .selectFrom("group_members")
    .select("group_id")
    .where("account_id", "=", accountId)
    .where("source", "=", source)
    .execute();
  return rows.map((row) => row.group_id);
}
