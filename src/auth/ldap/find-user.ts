import { fillFilter } from "./escape-ldap.ts";
import { STATE_ATTRIBUTES } from "./account-state.ts";
import { externalIdOf } from "./external-id.ts";
import type { LdapConnection } from "./ldap-connection.ts";
import type { LdapEntry } from "./ldap-entry.ts";
import { LdapError } from "./ldap-error.ts";
import type { LdapOptions, LdapUserOptions } from "./options.ts";
import type { ExternalIdentity } from "../../access/index.ts";

/** The user's entry, `"none"`, or `"several"`, of which nobody can say which one is meant. */
export type FoundUser = LdapEntry | "none" | "several";

/**
 * Looks for the entry of a user below the base, by what they have typed.
 * @throws LdapError
 */
export function findUser(connection: LdapConnection, options: LdapOptions, typed: string): Promise<FoundUser> {
  return findByFilter(connection, options, fillFilter(options.users.filter, { user: typed }));
}

/**
 * Looks for the entry of a user below the base, by the name of the account.
 * @throws LdapError
 */
export function findUserByName(connection: LdapConnection, options: LdapOptions, name: string): Promise<FoundUser> {
  const { filter, attributes } = options.users;
  return findByFilter(connection, options, fillFilter(comparingName(filter, attributes.name), { user: name }));
}

/** People may sign in by something else, such as their address: whatever is compared with it has to be the name then. */
export function comparingName(filter: string, attribute: string): string {
  return filter.replaceAll(/\([^()]*\{user\}[^()]*\)/gu, `(${attribute}={user})`);
}

function findByFilter(connection: LdapConnection, options: LdapOptions, filter: string): Promise<FoundUser> {
  const { baseDn, extraFilter } = options.users;
  return findOne(connection, options, {
    baseDn: baseDn ?? "",
    scope: "sub",
    filter: `(&${filter}${extraFilter ?? ""})`,
  });
}

/**
 * Reads the entry of a user whose DN is known.
 * @throws LdapError
 */
export async function readUser(connection: LdapConnection, options: LdapOptions, dn: string): Promise<FoundUser> {
  const { extraFilter } = options.users;
  return findOne(connection, options, { baseDn: dn, scope: "base", filter: extraFilter ?? "(objectClass=*)" });
}

async function findOne(
  connection: LdapConnection,
  { users, groups }: LdapOptions,
  where: { readonly baseDn: string; readonly scope: "base" | "sub"; readonly filter: string },
): Promise<FoundUser> {
  const { name, displayName, email, id } = users.attributes;
  const memberOf = groups?.kind === "attribute" ? [groups.attribute] : [];
  const [first, second] = await connection.search({
    ...where,
    attributes: [name, displayName, email, id, ...memberOf, ...STATE_ATTRIBUTES],
    // Servers answer with their own spelling, which the library compares with this one.
    binary: [id, "objectGUID", "objectSid"],
    maxEntries: 2,
  });
  if (second !== undefined) return "several";
  return first ?? "none";
}

/**
 * Makes an identity of an entry, without groups.
 * @throws LdapError if the entry lacks what an account needs
 */
export function identityOf(entry: LdapEntry, { attributes }: LdapUserOptions): ExternalIdentity {
  const name = entry.text(attributes.name);
  const externalId = externalIdOf(entry, attributes.id);
  if (name === undefined) throw missing(entry, "name", attributes.name);
  if (externalId === undefined) throw missing(entry, "id", attributes.id);
  return {
    name,
    externalId,
    displayName: entry.text(attributes.displayName),
    email: entry.text(attributes.email),
    groups: undefined,
  };
}

function missing(entry: LdapEntry, key: string, attribute: string): LdapError {
  const advice = `see users.${key}, and what the account may read`;
  return new LdapError(`the entry ${entry.dn} has no ${attribute} to be seen: ${advice}`, undefined);
}
