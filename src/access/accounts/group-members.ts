import {
  findAccountRecord,
  listGroupIdsOf,
  listGroupMappings as listMappingRecords,
  listGroupMembers as listMemberRecords,
  type NamePage,
  putGroupMapping,
  putGroupMember,
  type Queries,
  removeGroupMapping,
  removeGroupMember,
} from "../../metadata/index.ts";
import { RegistryError, shorten } from "../../oci/index.ts";
import type { Change } from "../change.ts";
import { getGroupRecord } from "./groups.ts";

/** Who is in a group. */
export interface GroupMember {
  readonly accountId: number;
  readonly name: string;
  readonly kind: "user" | "robot";
  /** Who says so: `local`, or the directory or provider at the last sign-in. */
  readonly sources: readonly string[];
}

/** In the byte order of their names. @throws RegistryError `not-found` */
export async function listGroupMembers(
  queries: Queries,
  group: string,
  page: NamePage,
): Promise<readonly GroupMember[]> {
  const { id } = await getGroupRecord(queries, group);
  const members = new Map<string, GroupMember>();
  for (const { source, ...member } of await listMemberRecords(queries, id, page))
    members.set(member.name, { ...member, sources: [...(members.get(member.name)?.sources ?? []), source] });
  return [...members.values()];
}

/** A user or a robot, and a group, by their names. */
export interface Membership {
  readonly group: string;
  readonly member: string;
}

/** Puts a user or a robot into the group, once. @throws RegistryError `not-found` */
export async function addGroupMember(change: Change, membership: Membership): Promise<void> {
  const { group, account } = await getBoth(change.queries, membership);
  const isNew = await putGroupMember(change.queries, { groupId: group.id, accountId: account.id, source: "local" });
  if (isNew) await change.record({ act: "group.member.add", target: group.name, detail: { member: account.name } });
}

/** @throws RegistryError `not-found`; `conflict` for who is in the group because a directory or a provider says so */
export async function deleteGroupMember(change: Change, membership: Membership): Promise<void> {
  const { queries } = change;
  const { group, account } = await getBoth(queries, membership);
  const isRemoved = await removeGroupMember(queries, { groupId: group.id, accountId: account.id, source: "local" });
  if (!isRemoved && (await listGroupIdsOf(queries, account.id)).includes(group.id))
    throw new RegistryError(
      "conflict",
      `${account.source} says that ${account.name} is in ${group.name}: change it there`,
    );
  if (!isRemoved) throw new RegistryError("not-found", `${account.name} is not in the group ${group.name}`);
  await change.record({ act: "group.member.remove", target: group.name, detail: { member: account.name } });
}

async function getBoth(queries: Queries, { group, member }: Membership) {
  const account = await findAccountRecord(queries, member);
  if (!account)
    throw new RegistryError("not-found", `there is no account ${shorten(member)}`, {
      detail: { name: shorten(member) },
    });
  return { group: await getGroupRecord(queries, group), account };
}

/** Whoever has `externalName` at the source, such as a group of a directory, is in the group. */
export interface GroupMapping {
  readonly group: string;
  /** `ldap:<server>`, `oidc:<provider>`. */
  readonly source: string;
  readonly externalName: string;
}

/** @throws RegistryError `not-found` */
export async function listGroupMappings(queries: Queries, group: string): Promise<readonly GroupMapping[]> {
  const { id } = await getGroupRecord(queries, group);
  const records = await listMappingRecords(queries, id);
  return records.map(({ source, externalName }) => ({ group, source, externalName }));
}

/** Counts for each user from the next sign-in on. @throws RegistryError `not-found`, `bad-request` */
export async function addGroupMapping(change: Change, mapping: GroupMapping): Promise<void> {
  const { group, source, externalName } = mapping;
  if (!/^(?:ldap|oidc):.+$/.test(source))
    throw new RegistryError("bad-request", "groups are given by ldap:<server> or oidc:<provider>", {
      detail: { field: "source" },
    });
  if (externalName.trim() === "" || externalName.length > MAX_EXTERNAL_NAME_LENGTH)
    throw new RegistryError("bad-request", `an external group's name has 1 to ${MAX_EXTERNAL_NAME_LENGTH} characters`, {
      detail: { field: "externalName" },
    });
  const { id } = await getGroupRecord(change.queries, group);
  const isNew = await putGroupMapping(change.queries, { groupId: id, source, externalName });
  if (isNew) await change.record({ act: "group.mapping.add", target: group, detail: { source, externalName } });
}

/** A distinguished name may be long. */
const MAX_EXTERNAL_NAME_LENGTH = 1024;

/**
 * Takes all out of the group whom the source has put into it, at once; whom another mapping puts into it is in it again
 * from the next sign-in on.
 * @throws RegistryError `not-found`
 */
export async function deleteGroupMapping(change: Change, mapping: GroupMapping): Promise<void> {
  const { group, source, externalName } = mapping;
  const { id } = await getGroupRecord(change.queries, group);
  if (!(await removeGroupMapping(change.queries, { groupId: id, source, externalName })))
    throw new RegistryError("not-found", `${group} has no mapping of ${shorten(externalName)} of ${shorten(source)}`);
  await change.record({ act: "group.mapping.remove", target: group, detail: { source, externalName } });
}
