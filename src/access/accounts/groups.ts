import {
  findGroupRecord,
  type GroupRecord,
  insertGroup,
  listGroupRecords,
  listGroupRecordsOf,
  type NamePage,
  type Queries,
  removeGroup,
  updateGroup as updateGroupRecord,
} from "../../metadata/index.ts";
import { RegistryError, shorten } from "../../oci/index.ts";
import type { Change } from "../change.ts";
import { requireGroupName } from "./account-names.ts";
import { requireDescription } from "./person-fields.ts";

/** A team: roles and grants that it has, each of its members has. */
export interface Group {
  readonly id: number;
  readonly name: string;
  readonly description: string | undefined;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
}

export interface NewTeam {
  readonly name: string;
  readonly description?: string | undefined;
}

/** @throws RegistryError `bad-request`; `conflict` if the name is taken */
export async function createGroup(change: Change, { name, description }: NewTeam): Promise<Group> {
  const { queries, nowMs } = change;
  requireGroupName(name);
  requireDescription(description);
  await requireFreeGroupName(queries, name);
  await insertGroup(queries, { name, description: description ?? null, nowMs });
  await change.record({ act: "group.create", target: name });
  return getGroup(queries, name);
}

/** @throws RegistryError `not-found` */
export async function getGroup(queries: Queries, name: string): Promise<Group> {
  return toGroup(await getGroupRecord(queries, name));
}

/** In the byte order of their names. */
export async function listGroups(queries: Queries, page: NamePage): Promise<readonly Group[]> {
  return (await listGroupRecords(queries, page)).map(toGroup);
}

/** The groups that an account is in, whoever says so. */
export async function listGroupsOf(queries: Queries, accountId: number): Promise<readonly Group[]> {
  return (await listGroupRecordsOf(queries, accountId)).map(toGroup);
}

/** What is absent stays; `null` takes away. */
export interface GroupChanges {
  /** The new name; roles and grants stay with the group. */
  readonly name?: string | undefined;
  readonly description?: string | null | undefined;
}

/** @throws RegistryError `not-found`; `bad-request`; `conflict` if the name is taken */
export async function updateGroup(change: Change, name: string, changes: GroupChanges): Promise<Group> {
  const { queries, nowMs } = change;
  const { name: newName = name, description } = changes;
  if (newName !== name) requireGroupName(newName);
  requireDescription(description);
  const record = await getGroupRecord(queries, name);
  if (newName !== name) await requireFreeGroupName(queries, newName);
  await updateGroupRecord(queries, record.id, {
    name: newName,
    description: description === undefined ? record.description : description,
    nowMs,
  });
  await change.record({ act: "group.update", target: name, detail: newName === name ? undefined : { newName } });
  return getGroup(queries, newName);
}

/** With all that it was given. @throws RegistryError `not-found` */
export async function deleteGroup(change: Change, name: string): Promise<void> {
  const { id } = await getGroupRecord(change.queries, name);
  await removeGroup(change.queries, id);
  await change.record({ act: "group.delete", target: name });
}

/** @throws RegistryError `not-found` */
export async function getGroupRecord(queries: Queries, name: string): Promise<GroupRecord> {
  const record = await findGroupRecord(queries, name);
  if (record) return record;
  throw new RegistryError("not-found", `there is no group ${shorten(name)}`, { detail: { name: shorten(name) } });
}

async function requireFreeGroupName(queries: Queries, name: string): Promise<void> {
  if (await findGroupRecord(queries, name))
    throw new RegistryError("conflict", `there is a group ${name} already`, { detail: { name } });
}

function toGroup({ id, name, description, createdAtMs, updatedAtMs }: GroupRecord): Group {
  return { id, name, description: description ?? undefined, createdAtMs, updatedAtMs };
}
