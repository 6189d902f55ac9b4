import type { Findings } from "./findings.ts";
import { isRawMap, textAt, valueAt, type KeyPath, type RawMap } from "./raw-tree.ts";
import { isLoopbackUrl, parseFlag } from "./values/index.ts";

/** A directory of the list, where it stands. */
interface Directory {
  readonly at: KeyPath;
  readonly map: RawMap;
  readonly findings: Findings;
}

/** Rules that concern several keys of `auth.ldap`. */
export function checkLdap(tree: RawMap, findings: Findings): void {
  const list = valueAt(tree, ["auth", "ldap"]);
  if (!Array.isArray(list)) return;
  const names = new Set<string>();
  for (const [index, map] of list.entries()) {
    if (!isRawMap(map)) continue;
    const directory = { at: ["auth", "ldap", index], map, findings };
    const name = textAt(map, ["name"]);
    if (name !== undefined && names.has(name))
      problem(directory, ["name"], `"${name}" is another directory's name too`);
    names.add(name ?? "");
    checkServers(directory);
    checkBind(directory);
    checkUsers(directory);
    checkGroups(directory);
  }
}

function checkServers(directory: Directory): void {
  const urls = valueAt(directory.map, ["urls"]);
  const texts = (Array.isArray(urls) ? urls : []).filter((url) => typeof url === "string");
  if (texts.length === 0) problem(directory, ["urls"], "is needed: the servers, for example ldaps://dc1.example.com");
  const startTls = isOn(directory, ["starttls"]);
  const encrypted = texts.filter((url) => url.startsWith("ldaps:"));
  const plain = texts.filter((url) => url.startsWith("ldap:"));
  if (startTls && encrypted.length > 0) problem(directory, ["starttls"], "is for ldap://; ldaps:// speaks TLS anyway");
  if (!startTls && plain.some((url) => !isLoopbackUrl(url))) {
    warning(directory, ["urls"], "passwords cross the network unencrypted; write ldaps://, or starttls: true");
  }
  if (startTls || encrypted.length > 0) checkVerification(directory);
  else {
    const unused = ["ca", "servername"].filter((key) => textAt(directory.map, [key]) !== undefined);
    for (const key of unused) problem(directory, [key], "is for TLS: write ldaps://, or starttls: true");
  }
}

function checkVerification(directory: Directory): void {
  if (!isOn(directory, ["insecureskipverify"])) return;
  warning(directory, ["insecureskipverify"], "any certificate is believed: whoever is in between gets the passwords");
  if (has(directory, ["ca"])) problem(directory, ["ca"], "has no effect with insecureskipverify; keep one");
}

function checkBind(directory: Directory): void {
  const template = textAt(directory.map, ["usertemplate"]);
  const [hasDn, hasPassword] = [has(directory, ["binddn"]), has(directory, ["bindpassword"])];
  if (template !== undefined && (hasDn || hasPassword)) {
    problem(directory, ["usertemplate"], "cannot be combined with binddn; either users search, or this account does");
  } else if (hasDn && !hasPassword) {
    problem(directory, ["bindpassword"], "is needed with binddn");
  } else if (hasPassword && !hasDn) {
    problem(directory, ["binddn"], "is needed with bindpassword");
  }
  if (template === undefined) return;
  const rest = template.replace("{user}", "");
  if (rest === template || rest.includes("{") || !/[=@\\]/u.test(rest)) {
    const examples = "uid={user},ou=people,dc=example,dc=com or {user}@example.com";
    problem(directory, ["usertemplate"], `"${template}" is not what users bind as: ${examples}`);
  }
}

function checkUsers(directory: Directory): void {
  const template = textAt(directory.map, ["usertemplate"]);
  const isDn = template !== undefined && /^[A-Za-z0-9.-]+ *=/u.test(template);
  if (!isDn && !has(directory, ["users", "basedn"])) {
    problem(directory, ["users", "basedn"], "is needed: the entry below which users are");
  }
  if (isDn) {
    for (const key of ["basedn", "filter"]) {
      if (!has(directory, ["users", key])) continue;
      warning(directory, ["users", key], "is not used: usertemplate says which entry it is");
    }
  }
  checkPlaces(directory, ["users", "filter"], ["user"], "(uid={user})");
  const extra = textAt(directory.map, ["users", "extrafilter"]);
  if (extra !== undefined && placesIn(extra).length > 0) {
    problem(
      directory,
      ["users", "extrafilter"],
      "has no place for a value; what depends on the user belongs into filter",
    );
  }
}

function checkGroups(directory: Directory): void {
  const from = wordAt(directory, ["groups", "from"]) ?? "none";
  const nested = wordAt(directory, ["groups", "nested"]) ?? "none";
  const filter = textAt(directory.map, ["groups", "filter"]);
  const keysOf: Readonly<Record<string, readonly string[]>> = {
    none: ["attribute", "filter", "basedn", "nested", "depth"],
    attribute: ["filter"],
    search: ["attribute"],
  };
  for (const key of (keysOf[from] ?? []).filter((key) => has(directory, ["groups", key]))) {
    problem(directory, ["groups", key], `has no effect with from: ${from}`);
  }
  if (from === "search") checkPlaces(directory, ["groups", "filter"], ["dn", "user"], "(member={dn})");
  if (nested === "in-chain") checkInChain(directory, from, filter);
  if (nested === "walk" && filter !== undefined && !placesIn(filter).includes("dn")) {
    problem(directory, ["groups", "nested"], "walk asks which groups a group is in, so filter needs {dn}");
  }
  if (nested !== "walk" && has(directory, ["groups", "depth"]) && from !== "none") {
    problem(directory, ["groups", "depth"], "has no effect without nested: walk");
  }
}

function checkInChain(directory: Directory, from: string, filter: string | undefined): void {
  const refuse = (reason: string) => problem(directory, ["groups", "nested"], reason);
  if (wordAt(directory, ["kind"]) !== "activedirectory") refuse("in-chain is a rule of Active Directory; take walk");
  else if (from === "attribute") refuse("in-chain is for from: search");
  else if (filter !== undefined) refuse("in-chain comes with a filter of its own; leave filter away");
}

/** A filter needs one of the places, and has no others. */
function checkPlaces(directory: Directory, key: KeyPath, places: readonly string[], example: string): void {
  const filter = textAt(directory.map, key);
  if (filter === undefined) return;
  const found = placesIn(filter);
  const wanted = places.map((place) => `{${place}}`).join(" or ");
  if (found.length === 0) problem(directory, key, `needs ${wanted}, as in ${example}`);
  const other = found.find((place) => !places.includes(place));
  if (other !== undefined) problem(directory, key, `has {${other}}, which nothing is put into; it knows ${wanted}`);
}

function placesIn(filter: string): readonly string[] {
  return [...filter.matchAll(/\{(\w*)\}/gu)].map((match) => match[1] ?? "");
}

function has({ map }: Directory, key: KeyPath): boolean {
  return textAt(map, key) !== undefined;
}

function isOn({ map }: Directory, key: KeyPath): boolean {
  return parseFlag(textAt(map, key) ?? "") === true;
}

function wordAt({ map }: Directory, key: KeyPath): string | undefined {
  return textAt(map, key)?.toLowerCase();
}

function problem({ at, findings }: Directory, key: KeyPath, message: string): void {
  findings.problem([...at, ...key], message);
}

function warning({ at, findings }: Directory, key: KeyPath, message: string): void {
  findings.warning([...at, ...key], message);
}
