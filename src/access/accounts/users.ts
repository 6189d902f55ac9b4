import {
  type AccountChanges,
  type AccountRecord,
  type ActOrigin,
  findAccountRecord,
  hasOtherAdministrator,
  insertAccount,
  listAccountRecords,
  type NamePage,
  type Queries,
  raiseAccountGeneration,
  removeAccount,
  removeRefreshSecrets,
  removeWebSessionsOf,
  updateAccount,
} from "../../metadata/index.ts";
import { RegistryError, shorten } from "../../oci/index.ts";
import type { SystemRole } from "../rules/roles.ts";
import { requireGoodPassword } from "../passwords/password-rules.ts";
import { requireUserName } from "./account-names.ts";
import { type Accounts, recordDeed } from "./accounts.ts";
import { requireDisplayName, requireEmail } from "./person-fields.ts";

/** A person who can sign in. */
export interface User {
  readonly id: number;
  readonly name: string;
  /** Who knows the password: `local`, `htpasswd`, `ldap:<server>`, `oidc:<provider>`. */
  readonly source: string;
  readonly displayName: string | undefined;
  readonly email: string | undefined;
  readonly systemRole: SystemRole | undefined;
  readonly isDisabled: boolean;
  readonly mustChangePassword: boolean;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  /** True to a minute. */
  readonly lastUsedAtMs: number | undefined;
}

export interface NewUser {
  readonly name: string;
  readonly password: string;
  readonly displayName?: string | undefined;
  readonly email?: string | undefined;
  readonly systemRole?: SystemRole | undefined;
  /** Unless it is `false`, the password is good for nothing but to be changed by its user. */
  readonly mustChangePassword?: boolean | undefined;
}

/**
 * Makes a local user.
 * @throws RegistryError `bad-request` for a name or a password that cannot be; `conflict` if the name is taken
 */
export async function createUser(accounts: Accounts, user: NewUser, by: ActOrigin): Promise<User> {
  requireUserName(user.name);
  requireDisplayName(user.displayName);
  requireEmail(user.email);
  requireGoodPassword(user.name, user.password, accounts.options.minPasswordLength);
  await requireFreeName(accounts.metadata.reads, user.name);
  const passwordHash = await accounts.passwords.hash(user.password);
  return accounts.metadata.transaction(async (queries) => {
    await requireFreeName(queries, user.name);
    await insertAccount(queries, {
      name: user.name,
      kind: "user",
      source: "local",
      externalId: null,
      displayName: user.displayName ?? null,
      email: user.email ?? null,
      passwordHash,
      mustChangePassword: user.mustChangePassword ?? true,
      systemRole: user.systemRole ?? null,
      ownerPath: null,
      expiresAtMs: null,
      nowMs: accounts.clock.nowMs(),
    });
    const detail = user.systemRole && { systemRole: user.systemRole };
    await recordDeed(queries, accounts, { ...by, act: "user.create", target: user.name, detail });
    return getUserOf(queries, user.name);
  });
}

/** @throws RegistryError `not-found` */
export function getUser(accounts: Accounts, name: string): Promise<User> {
  return getUserOf(accounts.metadata.reads, name);
}

export async function findUser(accounts: Accounts, name: string): Promise<User | undefined> {
  const record = await findUserRecord(accounts.metadata.reads, name);
  return record && toUser(record);
}

/** Users of all sources in the byte order of their names. */
export async function listUsers(accounts: Accounts, page: NamePage): Promise<readonly User[]> {
  const records = await listAccountRecords(accounts.metadata.reads, { ...page, kind: "user" });
  return records.map(toUser);
}

/** What is absent stays; `null` takes away. */
export interface UserChanges {
  readonly displayName?: string | null | undefined;
  readonly email?: string | null | undefined;
  readonly systemRole?: SystemRole | null | undefined;
}

/**
 * @throws RegistryError `not-found`; `bad-request`; `conflict` for the last administrator
 */
export async function updateUser(
  accounts: Accounts,
  { name, changes }: { readonly name: string; readonly changes: UserChanges },
  by: ActOrigin,
): Promise<User> {
  const { displayName, email, systemRole } = changes;
  requireDisplayName(displayName);
  requireEmail(email);
  return changeUser(accounts, { name, act: "user.update", by }, async (queries, record) => {
    if (systemRole !== undefined && systemRole !== "administrator") await requireOtherAdministrator(queries, record);
    const fields: Omit<AccountChanges, "nowMs"> = {
      ...(displayName !== undefined && { displayName }),
      ...(email !== undefined && { email }),
      ...(systemRole !== undefined && { systemRole }),
    };
    await updateAccount(queries, record.id, { ...fields, nowMs: accounts.clock.nowMs() });
    return { changed: Object.keys(fields), ...(systemRole !== undefined && { systemRole }) };
  });
}

/**
 * Takes away all that the user can do, at once; tokens that were issued end for good.
 * @throws RegistryError `not-found`; `conflict` for the last administrator
 */
export function disableUser(accounts: Accounts, name: string, by: ActOrigin): Promise<User> {
  return changeUser(accounts, { name, act: "user.disable", by }, async (queries, record) => {
    await requireOtherAdministrator(queries, record);
    await updateAccount(queries, record.id, { isDisabled: true, nowMs: accounts.clock.nowMs() });
    await endTokens(queries, record.id);
    return undefined;
  });
}

/** @throws RegistryError `not-found` */
export function enableUser(accounts: Accounts, name: string, by: ActOrigin): Promise<User> {
  return changeUser(accounts, { name, act: "user.enable", by }, async (queries, record) => {
    await updateAccount(queries, record.id, { isDisabled: false, nowMs: accounts.clock.nowMs() });
    return undefined;
  });
}

/**
 * With memberships, roles, grants, tokens and sessions.
 * @throws RegistryError `not-found`; `conflict` for the last administrator
 */
export async function deleteUser(accounts: Accounts, name: string, by: ActOrigin): Promise<void> {
  await accounts.metadata.transaction(async (queries) => {
    const record = await getUserRecord(queries, name);
    await requireOtherAdministrator(queries, record);
    await removeAccount(queries, record.id);
    await recordDeed(queries, accounts, { ...by, act: "user.delete", target: name });
  });
}

interface Change {
  readonly name: string;
  readonly act: string;
  readonly by: ActOrigin;
}

type Detail = Readonly<Record<string, unknown>> | undefined;

async function changeUser(
  accounts: Accounts,
  { name, act, by }: Change,
  change: (queries: Queries, record: AccountRecord) => Promise<Detail>,
): Promise<User> {
  return accounts.metadata.transaction(async (queries) => {
    const detail = await change(queries, await getUserRecord(queries, name));
    await recordDeed(queries, accounts, { ...by, act, target: name, detail });
    return getUserOf(queries, name);
  });
}

/** Tokens end with the generation, refresh tokens and browsers' sessions with their rows. */
export async function endTokens(queries: Queries, accountId: number): Promise<void> {
  await raiseAccountGeneration(queries, accountId);
  await removeRefreshSecrets(queries, { accountId, keep: 0 });
  await removeWebSessionsOf(queries, accountId);
}

/** @throws RegistryError `not-found` */
export async function getUserRecord(queries: Queries, name: string): Promise<AccountRecord> {
  const record = await findUserRecord(queries, name);
  if (!record)
    throw new RegistryError("not-found", `there is no user ${shorten(name)}`, { detail: { name: shorten(name) } });
  return record;
}

async function findUserRecord(queries: Queries, name: string): Promise<AccountRecord | undefined> {
  const record = await findAccountRecord(queries, name);
  return record?.kind === "user" ? record : undefined;
}

async function getUserOf(queries: Queries, name: string): Promise<User> {
  return toUser(await getUserRecord(queries, name));
}

/** @throws RegistryError `conflict` */
export async function requireFreeName(queries: Queries, name: string): Promise<void> {
  if (await findAccountRecord(queries, name))
    throw new RegistryError("conflict", `there is an account ${name} already`, { detail: { name } });
}

/** Somebody has to be able to let others in. */
async function requireOtherAdministrator(queries: Queries, record: AccountRecord): Promise<void> {
  if (record.systemRole !== "administrator" || record.isDisabled) return;
  if (await hasOtherAdministrator(queries, record.id)) return;
  throw new RegistryError("conflict", `${record.name} is the last administrator: make another one before`);
}

export function toUser(record: AccountRecord): User {
  return {
    id: record.id,
    name: record.name,
    source: record.source,
    displayName: record.displayName ?? undefined,
    email: record.email ?? undefined,
    systemRole: record.systemRole ?? undefined,
    isDisabled: record.isDisabled,
    mustChangePassword: record.mustChangePassword,
    createdAtMs: record.createdAtMs,
    updatedAtMs: record.updatedAtMs,
    lastUsedAtMs: record.lastUsedAtMs ?? undefined,
  };
}
