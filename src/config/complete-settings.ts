import { selectedIn } from "./expand-selections.ts";
import { isRawMap, setAt, textAt, valueAt, type KeyPath, type RawMap, type RawValue } from "./raw-tree.ts";
import { isLoopback, parseHostPort } from "./values/index.ts";

export const storageDrivers = ["filesystem", "inmemory"] as const;
/** Each stands alone, but for `htpasswd` beside `accounts`. */
export const authKinds = ["htpasswd", "accounts", "token", "none"] as const;

/** Keys with lists of where people and jobs are known that have accounts then. */
const accountSources: readonly KeyPath[] = [
  ["auth", "clientcertificates", "rules"],
  ["auth", "ldap"],
  ["auth", "oidc"],
  ["auth", "workloads", "issuers"],
];

/** Those of them that have something in them. */
export function accountSourcesIn(tree: RawMap): readonly KeyPath[] {
  return accountSources.filter((path) => {
    const value = valueAt(tree, path);
    return Array.isArray(value) && value.length > 0;
  });
}

const rootWithoutDriver = "./data";

/** Fills in the defaults that depend on other keys. Wants a tree that the schema has accepted. */
export function completeSettings(tree: RawMap): void {
  setDefault(tree, ["log", "level"], textAt(tree, ["loglevel"]) ?? "info");
  delete tree["loglevel"];
  if (selectedIn(tree, "storage", storageDrivers).length === 0) {
    setAt(tree, ["storage", "filesystem", "rootdirectory"], rootWithoutDriver);
  }
  // Those who are known elsewhere have accounts too.
  if (accountSourcesIn(tree).length > 0) setDefault(tree, ["auth", "accounts"], {});
  if (selectedIn(tree, "auth", authKinds).length === 0)
    setAt(tree, ["auth", isOnlyLocal(tree) ? "none" : "accounts"], {});
  // Where nobody signs in, a trail of who did what says little.
  setDefault(tree, ["audit", "enabled"], String(valueAt(tree, ["auth", "none"]) === undefined));
  const folder = folderBesideData(tree);
  setDefault(tree, ["database", "path"], folder === undefined ? ":memory:" : `${folder}/berth.db`);
  dropEmptyGroups(tree);
  if (valueAt(tree, ["http", "tls", "acme"]) !== undefined) {
    setDefault(tree, ["http", "tls", "acme", "cachedir"], `${folder ?? "."}/acme`);
  }
}

/** Whether nobody but this machine can reach the registry. */
function isOnlyLocal(tree: RawMap): boolean {
  if (textAt(tree, ["http", "net"])?.trim().toLowerCase() === "unix") return true;
  const address = textAt(tree, ["http", "addr"]);
  return address === undefined || isLoopback(parseHostPort(address));
}

/** The folder of Berth's own files beside those in registry:2's layout; none when nothing is kept on disk. */
function folderBesideData(tree: RawMap): string | undefined {
  if (valueAt(tree, ["storage", "filesystem"]) === undefined) return undefined;
  const root = textAt(tree, ["storage", "filesystem", "rootdirectory"]) ?? "/var/lib/registry";
  return `${root.replace(/\/+$/u, "")}/berth`;
}

/** `letsencrypt: {}` says nothing, so the result must not show a group with defaults in it. */
function dropEmptyGroups(tree: RawMap): void {
  const tls = valueAt(tree, ["http", "tls"]);
  if (!isRawMap(tls)) return;
  for (const key of ["acme", "letsencrypt"]) {
    const value = tls[key];
    if (isRawMap(value) && Object.keys(value).length === 0) delete tls[key];
  }
}

function setDefault(tree: RawMap, path: KeyPath, value: RawValue): void {
  if (valueAt(tree, path) === undefined) setAt(tree, path, value);
}
