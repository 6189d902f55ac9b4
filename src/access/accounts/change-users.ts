import {
  type AccountChanges,
  type AccountRecord,
  hasOtherAdministrator,
  insertAccount,
  type Queries,
  removeAccount,
  updateAccount,
} from "../../metadata/index.ts";
import { RegistryError } from "../../oci/index.ts";
import type { Change } from "../change.ts";
import type { SystemRole } from "../rules/roles.ts";
import { requireUserName } from "./account-names.ts";
import { endTokens, requireFreeName } from "./account-rows.ts";
import { requireDisplayName, requireEmail } from "./person-fields.ts";
import { getUser, getUserRecord, type User } from "./user.ts";

export interface NewUser {
  readonly name: string;
  /** Of `hashNewPassword`. */
  readonly passwordHash: string;
  readonly displayName?: string | undefined;
  readonly email?: string | undefined;
  readonly systemRole?: SystemRole | undefined;
  /** Unless it is `false`, the password is good for nothing but to be changed by its user. */
  readonly mustChangePassword?: boolean | undefined;
}

/**
 * Makes a local user.
 * @throws RegistryError `bad-request`; `conflict` if the name is taken
 */
export async function createUser(change: Change, user: NewUser): Promise<User> {
  const { queries, nowMs } = change;
  const { name, passwordHash, displayName, email, systemRole, mustChangePassword = true } = user;
  requireUserName(name);
  requireDisplayName(displayName);
  requireEmail(email);
  await requireFreeName(queries, name);
  const person = { displayName, email, systemRole, passwordHash, mustChangePassword };
  await insertAccount(queries, { name, kind: "user", source: "local", ...person, nowMs });
  await change.record({ act: "user.create", target: name, detail: systemRole && { systemRole } });
  return getUser(queries, name);
}

/** What is absent stays; `null` takes away. */
export interface UserChanges {
  readonly displayName?: string | null | undefined;
  readonly email?: string | null | undefined;
  readonly systemRole?: SystemRole | null | undefined;
}

/** @throws RegistryError `not-found`; `bad-request`; `conflict` for the last administrator */
export async function updateUser(change: Change, name: string, changes: UserChanges): Promise<User> {
  const { displayName, email, systemRole } = changes;
  requireDisplayName(displayName);
  requireEmail(email);
  const { queries, nowMs } = change;
  const record = await getUserRecord(queries, name);
  if (systemRole !== undefined && systemRole !== "administrator") await requireOtherAdministrator(queries, record);
  const fields: Omit<AccountChanges, "nowMs"> = {
    ...(displayName !== undefined && { displayName }),
    ...(email !== undefined && { email }),
    ...(systemRole !== undefined && { systemRole }),
  };
  await updateAccount(queries, record.id, { ...fields, nowMs });
  const detail = { changed: Object.keys(fields), ...(systemRole !== undefined && { systemRole }) };
  await change.record({ act: "user.update", target: name, detail });
  return getUser(queries, name);
}

/**
 * Takes away all that the user can do, at once; tokens that were issued end for good.
 * @throws RegistryError `not-found`; `conflict` for the last administrator
 */
export async function disableUser(change: Change, name: string): Promise<User> {
  const { queries, nowMs } = change;
  const record = await getUserRecord(queries, name);
  await requireOtherAdministrator(queries, record);
  await updateAccount(queries, record.id, { isDisabled: true, nowMs });
  await endTokens(queries, record.id);
  await change.record({ act: "user.disable", target: name });
  return getUser(queries, name);
}

/** @throws RegistryError `not-found` */
export async function enableUser(change: Change, name: string): Promise<User> {
  const { queries, nowMs } = change;
  const { id } = await getUserRecord(queries, name);
  await updateAccount(queries, id, { isDisabled: false, nowMs });
  await change.record({ act: "user.enable", target: name });
  return getUser(queries, name);
}

/**
 * With memberships, roles, grants, tokens and sessions.
 * @throws RegistryError `not-found`; `conflict` for the last administrator
 */
export async function deleteUser(change: Change, name: string): Promise<void> {
  const record = await getUserRecord(change.queries, name);
  await requireOtherAdministrator(change.queries, record);
  await removeAccount(change.queries, record.id);
  await change.record({ act: "user.delete", target: name });
}

/** Somebody has to be able to let others in. */
async function requireOtherAdministrator(queries: Queries, record: AccountRecord): Promise<void> {
  if (record.systemRole !== "administrator" || record.isDisabled) return;
  if (await hasOtherAdministrator(queries, record.id)) return;
  throw new RegistryError("conflict", `${record.name} is the last administrator: make another one before`);
}
