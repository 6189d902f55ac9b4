import { fillFilter } from "./escape-ldap.ts";
import { groupNamesOf, normalizeDn } from "../../access/index.ts";
import type { LdapConnection } from "./ldap-connection.ts";
import type { LdapEntry } from "./ldap-entry.ts";
import { LdapError } from "./ldap-error.ts";
import type { LdapGroupOptions } from "./options.ts";

/** Whoever is in more is in the first of them. */
const MAX_GROUPS = 1000;
/** Groups that are asked for at once. */
const BATCH = 20;
const NO_SUCH_OBJECT = 32;

export interface FoundGroups {
  /** See {@link groupNamesOf}. */
  readonly names: readonly string[];
  /** Whether there may be more groups than were looked at. */
  readonly isCutShort: boolean;
}

interface GroupMember {
  readonly entry: LdapEntry;
  /** As in the entry. */
  readonly name: string;
}

/** DNs of the groups that somebody is in directly, and of those that groups are in. */
interface GroupLevels {
  first(): Promise<readonly string[]>;
  above(groupDns: readonly string[]): Promise<readonly string[]>;
}

/**
 * Finds the groups of a user and the groups that those are in, each once, also where groups are in each other.
 * @throws LdapError
 */
export async function findGroups(
  connection: LdapConnection,
  options: LdapGroupOptions,
  member: GroupMember,
): Promise<FoundGroups> {
  const levels = options.kind === "attribute" ? byAttribute : bySearch;
  const { dns, isCutShort } = await climb(levels(connection, options, member), options.maxDepth);
  return { names: groupNamesOf(dns.filter((dn) => isBelow(dn, options.baseDn))), isCutShort };
}

async function climb(levels: GroupLevels, maxDepth: number): Promise<{ dns: readonly string[]; isCutShort: boolean }> {
  const found = new Set<string>();
  let level = await levels.first();
  for (let depth = 0; ; depth++) {
    const added: string[] = [];
    for (const dn of level) {
      const normal = normalizeDn(dn);
      if (found.has(normal)) continue;
      if (found.size === MAX_GROUPS) return { dns: [...found], isCutShort: true };
      found.add(normal);
      added.push(dn);
    }
    if (added.length === 0 || depth === maxDepth) {
      return { dns: [...found], isCutShort: added.length > 0 && maxDepth > 0 };
    }
    level = await levels.above(added);
  }
}

function byAttribute(connection: LdapConnection, options: LdapGroupOptions, { entry }: GroupMember): GroupLevels {
  const attribute = options.kind === "attribute" ? options.attribute : "";
  const groupsOf = async (dn: string): Promise<readonly string[]> => {
    const found = await readEntry(connection, dn, attribute);
    return found?.texts(attribute) ?? [];
  };
  return {
    first: async () => entry.texts(attribute),
    above: (dns) => inBatches(dns, async (batch) => (await Promise.all(batch.map(groupsOf))).flat()),
  };
}

/** `undefined` for a group that is kept by another server, or hidden. */
async function readEntry(connection: LdapConnection, dn: string, attribute: string): Promise<LdapEntry | undefined> {
  try {
    const attributes = [attribute];
    const filter = "(objectClass=*)";
    return (await connection.search({ baseDn: dn, scope: "base", filter, attributes, maxEntries: 1 }))[0];
  } catch (error) {
    if (error instanceof LdapError && error.resultCode === NO_SUCH_OBJECT) return undefined;
    throw error;
  }
}

function bySearch(connection: LdapConnection, options: LdapGroupOptions, { entry, name }: GroupMember): GroupLevels {
  const template = options.kind === "search" ? options.filter : "";
  const search = async (filter: string): Promise<readonly string[]> => {
    const where = { baseDn: options.baseDn ?? "", scope: "sub", filter } as const;
    // No attribute: the DN comes anyway.
    const groups = await connection.search({ ...where, attributes: ["1.1"], maxEntries: MAX_GROUPS });
    return groups.map((group) => group.dn);
  };
  const filterFor = (dn: string) => fillFilter(template, { dn, user: name });
  return {
    first: () => search(filterFor(entry.dn)),
    above: (dns) => inBatches(dns, (batch) => search(`(|${batch.map(filterFor).join("")})`)),
  };
}

async function inBatches(
  dns: readonly string[],
  find: (batch: readonly string[]) => Promise<readonly string[]>,
): Promise<readonly string[]> {
  const found: string[] = [];
  for (let start = 0; start < dns.length; start += BATCH) found.push(...(await find(dns.slice(start, start + BATCH))));
  return found;
}

function isBelow(normalDn: string, baseDn: string | undefined): boolean {
  if (baseDn === undefined || baseDn === "") return true;
  const base = normalizeDn(baseDn);
  return normalDn === base || normalDn.endsWith(`,${base}`);
}
