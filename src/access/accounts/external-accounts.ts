import {
  type AccountChanges,
  type AccountRecord,
  type ActOrigin,
  findAccountRecord,
  findAccountRecordById,
  findExternalAccountRecord,
  insertAccount,
  listGroupIdsBySource,
  listGroupMappingsOfSource,
  putGroupMember,
  type Queries,
  removeGroupMember,
  updateAccount,
} from "../../metadata/index.ts";
import { RegistryError, shorten } from "../../oci/index.ts";
import { type Change, makeChange } from "../change.ts";
import { normalizeGroupName } from "./group-names.ts";
import type { ExternalIdentity } from "./external-identity.ts";
import { isExternalName } from "./account-names.ts";
import type { Account } from "./account.ts";
import type { Accounts } from "./accounts.ts";
import { toAccount } from "./find-account.ts";

/** Somebody whom a directory or a provider has just vouched for. */
export interface Voucher {
  /** `htpasswd`, `ldap:<server>`, `oidc:<provider>`. */
  readonly source: string;
  readonly identity: ExternalIdentity;
}

/**
 * The account of somebody who signs in by a directory or a provider: made at the first time, and with the name, the address and the
 * groups that the source gives now. An account of another source is never taken over, nor one whose name the source has
 * given to somebody else.
 * @throws RegistryError `conflict` if the name is another's or cannot be a name
 */
export async function ensureExternalAccount(
  accounts: Pick<Accounts, "metadata" | "clock">,
  voucher: Voucher,
  by: ActOrigin,
): Promise<Account> {
  const { reads } = accounts.metadata;
  const found = await findExternalAccountRecord(reads, keyOf(voucher));
  if (found && !(await findDifference(reads, found, voucher))) return toAccount(reads, found);
  return makeChange(accounts, { from: by }, async (change) => {
    const { queries } = change;
    const record =
      (await findExternalAccountRecord(queries, keyOf(voucher))) ??
      (await getRecord(queries, await create(change, voucher)));
    const difference = await findDifference(queries, record, voucher);
    if (!difference) return toAccount(queries, record);
    await apply(change, record, difference);
    return toAccount(queries, await getRecord(queries, record.id));
  });
}

async function getRecord(queries: Queries, id: number): Promise<AccountRecord> {
  const record = await findAccountRecordById(queries, id);
  if (record) return record;
  throw new Error(`account ${id} is gone within its own transaction`);
}

function keyOf({ source, identity }: Voucher): { readonly source: string; readonly externalId: string } {
  return { source, externalId: identity.externalId };
}

async function create(change: Change, { source, identity }: Voucher): Promise<number> {
  const { queries, nowMs } = change;
  const { name, externalId, displayName, email } = identity;
  if (!isExternalName(name))
    throw new RegistryError("conflict", `${source} calls a user "${shorten(name)}", which cannot be a name here`);
  if (await findAccountRecord(queries, name))
    throw new RegistryError("conflict", `there is another account with the name ${name} that ${source} gives`);
  const id = await insertAccount(queries, { name, kind: "user", source, externalId, displayName, email, nowMs });
  await change.record({ act: "user.create", target: name, detail: { source } });
  return id;
}

/** What of the account is not as the source says. */
interface Difference {
  readonly fields: Omit<AccountChanges, "nowMs">;
  readonly joined: readonly number[];
  readonly left: readonly number[];
}

async function findDifference(
  queries: Queries,
  record: AccountRecord,
  voucher: Voucher,
): Promise<Difference | undefined> {
  const { identity, source } = voucher;
  const fields = await findChangedFields(queries, record, identity);
  const wanted = await findWantedGroups(queries, voucher);
  const present = wanted && (await listGroupIdsBySource(queries, { accountId: record.id, source }));
  const joined = wanted?.filter((id) => !present?.includes(id)) ?? [];
  const left = present?.filter((id) => !wanted?.includes(id)) ?? [];
  if (Object.keys(fields).length === 0 && joined.length === 0 && left.length === 0) return undefined;
  return { fields, joined, left };
}

async function findChangedFields(
  queries: Queries,
  record: AccountRecord,
  { name, displayName, email }: ExternalIdentity,
): Promise<Omit<AccountChanges, "nowMs">> {
  const isNewName = name !== record.name && isExternalName(name) && !(await findAccountRecord(queries, name));
  return {
    ...(isNewName && { name }),
    ...(displayName !== undefined && displayName !== record.displayName && { displayName }),
    ...(email !== undefined && email !== record.email && { email }),
  };
}

/** `undefined`: the source does not say. */
async function findWantedGroups(
  queries: Queries,
  { source, identity }: Voucher,
): Promise<readonly number[] | undefined> {
  if (!identity.groups) return undefined;
  const mappings = await listGroupMappingsOfSource(queries, source);
  const names = new Set(identity.groups.map((name) => comparable(source, name)));
  const ids = mappings.filter(({ externalName }) => names.has(comparable(source, externalName)));
  return [...new Set(ids.map(({ groupId }) => groupId))];
}

/** Directories do not tell upper from lower case, nor the ways to write a DN; providers do. */
function comparable(source: string, groupName: string): string {
  return source.startsWith("ldap:") ? normalizeGroupName(groupName) : groupName;
}

async function apply(
  change: Change,
  { id, name, source }: AccountRecord,
  { fields, joined, left }: Difference,
): Promise<void> {
  const { queries, nowMs } = change;
  if (Object.keys(fields).length > 0) await updateAccount(queries, id, { ...fields, nowMs });
  for (const groupId of joined) await putGroupMember(queries, { groupId, accountId: id, source });
  for (const groupId of left) await removeGroupMember(queries, { groupId, accountId: id, source });
  const detail = { source, changed: Object.keys(fields), joinedGroupIds: joined, leftGroupIds: left };
  await change.record({ act: "user.update", target: fields.name ?? name, detail });
}
