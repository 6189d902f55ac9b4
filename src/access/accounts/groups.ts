import {
  type ActOrigin,
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
import { requireGroupName } from "./account-names.ts";
import { type Accounts, recordDeed } from "./accounts.ts";
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
export async function createGroup(accounts: Accounts, { name, description }: NewTeam, by: ActOrigin): Promise<Group> {
  requireGroupName(name);
  requireDescription(description);
  return accounts.metadata.transaction(async (queries) => {
    await requireFreeGroupName(queries, name);
    await insertGroup(queries, { name, description: description ?? null, nowMs: accounts.clock.nowMs() });
    await recordDeed(queries, accounts, { ...by, act: "group.create", target: name });
    return toGroup(await getGroupRecord(queries, name));
  });
}

/** @throws RegistryError `not-found` */
export async function getGroup(accounts: Accounts, name: string): Promise<Group> {
  return toGroup(await getGroupRecord(accounts.metadata.reads, name));
}

/** In the byte order of their names. */
export async function listGroups(accounts: Accounts, page: NamePage): Promise<readonly Group[]> {
  return (await listGroupRecords(accounts.metadata.reads, page)).map(toGroup);
}

/** The groups that an account is in, whoever says so. */
export async function listGroupsOf(accounts: Accounts, accountId: number): Promise<readonly Group[]> {
  return (await listGroupRecordsOf(accounts.metadata.reads, accountId)).map(toGroup);
}

/** What is absent stays; `null` takes away. */
export interface GroupChanges {
  /** The new name; roles and grants stay with the group. */
  readonly name?: string | undefined;
  readonly description?: string | null | undefined;
}

/** @throws RegistryError `not-found`; `bad-request`; `conflict` if the name is taken */
export async function updateGroup(
  accounts: Accounts,
  { name, changes }: { readonly name: string; readonly changes: GroupChanges },
  by: ActOrigin,
): Promise<Group> {
  const { name: newName = name, description } = changes;
  if (newName !== name) requireGroupName(newName);
  requireDescription(description);
  return accounts.metadata.transaction(async (queries) => {
    const record = await getGroupRecord(queries, name);
    if (newName !== name) await requireFreeGroupName(queries, newName);
    await updateGroupRecord(queries, record.id, {
      name: newName,
      description: description === undefined ? record.description : description,
      nowMs: accounts.clock.nowMs(),
    });
    const detail = newName === name ? undefined : { newName };
    await recordDeed(queries, accounts, { ...by, act: "group.update", target: name, detail });
    return toGroup(await getGroupRecord(queries, newName));
  });
}

/** With all that it was given. @throws RegistryError `not-found` */
export async function deleteGroup(accounts: Accounts, name: string, by: ActOrigin): Promise<void> {
  await accounts.metadata.transaction(async (queries) => {
    const { id } = await getGroupRecord(queries, name);
    await removeGroup(queries, id);
    await recordDeed(queries, accounts, { ...by, act: "group.delete", target: name });
  });
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
