import type { z } from "zod";
import type { LdapBindOptions, LdapGroupOptions, LdapOptions, LdapUserOptions } from "../auth/options.ts";
import type { ldapKeys } from "./keys/ldap-keys.ts";

type LdapSettings = z.output<typeof ldapKeys>[number];

interface Preset {
  readonly filter: string;
  readonly name: string;
  readonly displayName: string;
  readonly id: string;
  readonly groupFilter: string;
}

const presets: Readonly<Record<LdapSettings["kind"], Preset>> = {
  openldap: {
    filter: "(uid={user})",
    name: "uid",
    displayName: "cn",
    id: "entryUUID",
    groupFilter: "(|(member={dn})(uniqueMember={dn}))",
  },
  activedirectory: {
    filter: "(&(objectCategory=person)(objectClass=user)(|(sAMAccountName={user})(userPrincipalName={user})))",
    name: "sAMAccountName",
    displayName: "displayName",
    id: "objectGUID",
    groupFilter: "(&(objectClass=group)(member={dn}))",
  },
};

/** LDAP_MATCHING_RULE_IN_CHAIN: the groups of groups too. */
const inChainFilter = "(&(objectClass=group)(member:1.2.840.113556.1.4.1941:={dn}))";

/** The directories, with what is meant by keys that were left away. Wants settings that `checkLdap` has nothing to say of. */
export function buildLdap(settings: readonly LdapSettings[]): readonly LdapOptions[] {
  return settings.map((directory) => ({
    name: directory.name,
    urls: directory.urls,
    tls: {
      startTls: directory.starttls,
      caPath: directory.ca,
      serverName: directory.servername,
      skipVerify: directory.insecureskipverify,
    },
    bind: buildBind(directory),
    users: buildUsers(directory),
    groups: buildGroups(directory),
    connectTimeoutMs: directory.connecttimeout,
    timeoutMs: directory.timeout,
    maxSignIns: directory.maxsignins,
  }));
}

function buildBind({ usertemplate, binddn, bindpassword }: LdapSettings): LdapBindOptions {
  if (usertemplate !== undefined) return { kind: "direct", template: usertemplate };
  return { kind: "search", dn: binddn, password: bindpassword };
}

function buildUsers({ kind, users }: LdapSettings): LdapUserOptions {
  const preset = presets[kind];
  return {
    baseDn: users.basedn,
    filter: users.filter ?? preset.filter,
    extraFilter: users.extrafilter,
    attributes: {
      name: users.name ?? preset.name,
      displayName: users.displayname ?? preset.displayName,
      email: users.email,
      id: users.id ?? preset.id,
    },
  };
}

function buildGroups({ kind, users, groups }: LdapSettings): LdapGroupOptions | undefined {
  const maxDepth = groups.nested === "walk" ? groups.depth : 0;
  if (groups.from === "none") return undefined;
  if (groups.from === "attribute") {
    return { kind: "attribute", attribute: groups.attribute, baseDn: groups.basedn, maxDepth };
  }
  const preset = groups.nested === "in-chain" ? inChainFilter : presets[kind].groupFilter;
  return { kind: "search", filter: groups.filter ?? preset, baseDn: groups.basedn ?? users.basedn, maxDepth };
}
