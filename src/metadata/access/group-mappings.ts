import type { Queries } from "../database.ts";
import { raiseAccessGeneration } from "./counters.ts";

/** Whoever has `externalName` at the source is in the group. */
export interface GroupMappingRecord {
  readonly groupId: number;
  readonly source: string;
  readonly externalName: string;
}

const MAPPING_COLUMNS = ["group_id as groupId", "source", "external_name as externalName"] as const;

export async function listGroupMappings(queries: Queries, groupId: number): Promise<readonly GroupMappingRecord[]> {
  return queries
    .selectFrom("group_mappings")
    .select(MAPPING_COLUMNS)
    .where("group_id", "=", groupId)
    .orderBy("source")
    .orderBy("external_name")
    .execute();
}

export async function listGroupMappingsOfSource(
  queries: Queries,
  source: string,
): Promise<readonly GroupMappingRecord[]> {
  return queries.selectFrom("group_mappings").select(MAPPING_COLUMNS).where("source", "=", source).execute();
}

/** Counts from each member's next sign-in on. @returns whether it is new */
export async function putGroupMapping(queries: Queries, mapping: GroupMappingRecord): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await queries
    .insertInto("group_mappings")
    .values({ group_id: mapping.groupId, source: mapping.source, external_name: mapping.externalName })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  const isNew = (numInsertedOrUpdatedRows ?? 0n) > 0n;
  if (isNew) await raiseAccessGeneration(queries);
  return isNew;
}

/**
 * Takes the group from all who are in it by the source; whom another mapping puts into it is in it again from the next
 * sign-in on. @returns whether there was such a mapping
 */
export async function removeGroupMapping(queries: Queries, mapping: GroupMappingRecord): Promise<boolean> {
  const { groupId, source, externalName } = mapping;
  const { numDeletedRows } = await queries
    .deleteFrom("group_mappings")
    .where("group_id", "=", groupId)
    .where("source", "=", source)
    .where("external_name", "=", externalName)
    .executeTakeFirst();
  if (numDeletedRows === 0n) return false;
  await queries.deleteFrom("group_members").where("group_id", "=", groupId).where("source", "=", source).execute();
  await raiseAccessGeneration(queries);
  return true;
}
