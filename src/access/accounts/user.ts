import {
  type AccountRecord,
  findAccountRecord,
  listAccountRecords,
  type NamePage,
  type Queries,
} from "../../metadata/index.ts";
import { RegistryError, shorten } from "../../oci/index.ts";
import type { SystemRole } from "../rules/roles.ts";

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

/** @throws RegistryError `not-found` */
export async function getUser(queries: Queries, name: string): Promise<User> {
  return toUser(await getUserRecord(queries, name));
}

export async function findUser(queries: Queries, name: string): Promise<User | undefined> {
  const record = await findUserRecord(queries, name);
  return record && toUser(record);
}

/** Users of all sources in the byte order of their names. */
export async function listUsers(queries: Queries, page: NamePage): Promise<readonly User[]> {
  return (await listAccountRecords(queries, { ...page, kind: "user" })).map(toUser);
}

/** @throws RegistryError `not-found` */
export async function getUserRecord(queries: Queries, name: string): Promise<AccountRecord> {
  const record = await findUserRecord(queries, name);
  if (record) return record;
  throw new RegistryError("not-found", `there is no user ${shorten(name)}`, { detail: { name: shorten(name) } });
}

async function findUserRecord(queries: Queries, name: string): Promise<AccountRecord | undefined> {
  const record = await findAccountRecord(queries, name);
  return record?.kind === "user" ? record : undefined;
}

function toUser(record: AccountRecord): User {
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
