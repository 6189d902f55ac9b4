import { checkClientCertificates } from "./check-client-certificates.ts";
import { checkLdap } from "./check-ldap.ts";
import { checkOidc } from "./check-oidc.ts";
import { checkToken } from "./check-token.ts";
import { accountSourcesIn, authKinds, storageDrivers } from "./complete-settings.ts";
import { selectedIn } from "./expand-selections.ts";
import type { Findings } from "./findings.ts";
import { isRawMap, textAt, valueAt, type RawMap } from "./raw-tree.ts";
import { parseFlag, parseHostPort } from "./values/index.ts";
import { messageOf } from "../runtime/index.ts";

/** Rules that concern several keys. They look at the text, so that they are checked beside what is wrong with single keys. */
export function checkTogether(tree: RawMap, findings: Findings): void {
  checkOneOf(tree, "storage", storageDrivers, "storage drivers", findings);
  checkAuth(tree, findings);
  checkAddress(tree, findings);
  checkProcesses(tree, findings);
  checkCertificate(tree, findings);
  checkAcme(tree, findings);
  checkSyslog(tree, findings);
  checkSchedules(tree, findings);
  checkOthers(tree, findings);
}

function checkOneOf(tree: RawMap, key: string, kinds: readonly string[], noun: string, findings: Findings): void {
  const selected = selectedIn(tree, key, kinds);
  if (selected.length < 2) return;
  const variable = `REGISTRY_${key.toUpperCase()}`;
  const advice = `keep one; ${variable}=<kind> selects it and clears the others`;
  findings.problem([key], `has ${selected.length} ${noun} (${selected.join(", ")}): ${advice}`);
}

/** The file of passwords may be one of the ways to an account. */
function checkAuth(tree: RawMap, findings: Findings): void {
  const sources = accountSourcesIn(tree);
  const isWithAccounts = sources.length > 0 || selectedIn(tree, "auth", ["accounts"]).length > 0;
  const kinds = isWithAccounts ? authKinds.filter((kind) => kind !== "htpasswd") : authKinds;
  checkOneOf(tree, "auth", kinds, "ways to log in", findings);
  const [other] = selectedIn(tree, "auth", ["none", "token"]);
  const [source] = sources;
  if (other !== undefined && source !== undefined)
    findings.problem(source, `is for accounts, and auth.${other} stands alone; keep one`);
  checkClientCertificates(tree, findings);
  checkLdap(tree, findings);
  checkOidc(tree, findings);
  checkToken(tree, findings);
}

function checkAddress(tree: RawMap, findings: Findings): void {
  const text = textAt(tree, ["http", "addr"]);
  if (text === undefined) {
    if (wordAt(tree, ["http", "net"]) === "unix") findings.problem(["http", "addr"], "must be the path of the socket");
    return;
  }
  if (wordAt(tree, ["http", "net"]) === "unix") return;
  try {
    parseHostPort(text);
  } catch (error) {
    findings.problem(["http", "addr"], messageOf(error));
  }
}

const tls = ["http", "tls"] as const;

function checkProcesses(tree: RawMap, findings: Findings): void {
  const processes = ["http", "processes"];
  if (!(Number(textAt(tree, processes)) > 1)) return;
  const refuse = (reason: string) => findings.problem(processes, `must be 1 or auto: ${reason}`);
  if (wordAt(tree, ["http", "net"]) === "unix") refuse("a socket cannot be had by several processes");
  const isByAcme = ["acme", "letsencrypt"].some((key) => hasEntries(tree, [...tls, key, "hosts"]));
  if (isByAcme && textAt(tree, [...tls, "certificate"]) === undefined)
    refuse("certificates by ACME are fetched by one process for itself");
  if (valueAt(tree, ["storage", "inmemory"]) !== undefined || textAt(tree, ["database", "path"]) === ":memory:")
    refuse("what one process has in memory no other process sees");
}

function checkCertificate(tree: RawMap, findings: Findings): void {
  if (hasEntries(tree, [...tls, "clientcas"]) && wordAt(tree, [...tls, "clientauth"]) === "require-any-client-cert") {
    const advice = "take require-and-verify-client-cert";
    findings.problem([...tls, "clientauth"], `a certificate that nobody verifies proves nothing; ${advice}`);
  }
  const certificate = textAt(tree, [...tls, "certificate"]);
  const key = textAt(tree, [...tls, "key"]);
  if (certificate !== undefined && key === undefined) findings.problem([...tls, "key"], "is needed with certificate");
  if (certificate === undefined && key !== undefined) findings.problem([...tls, "certificate"], "is needed with key");
  const acme = hasEntries(tree, [...tls, "acme", "hosts"]);
  const letsencrypt = hasEntries(tree, [...tls, "letsencrypt", "hosts"]);
  if (acme && certificate !== undefined) {
    findings.problem([...tls, "acme"], "cannot be combined with certificate; keep one");
  }
  if (acme && letsencrypt) findings.problem([...tls, "letsencrypt"], "cannot be combined with acme; keep one");
  if (letsencrypt && certificate !== undefined) {
    findings.warning([...tls, "letsencrypt"], "is not used, because there is a certificate");
  }
  if (hasEntries(tree, [...tls, "clientcas"]) && !acme && !letsencrypt && certificate === undefined) {
    findings.problem([...tls, "clientcas"], "needs HTTPS: set certificate and key, or acme");
  }
}

function checkAcme(tree: RawMap, findings: Findings): void {
  const acme = [...tls, "acme"];
  const group = valueAt(tree, acme);
  if (isRawMap(group) && Object.keys(group).length > 0) checkOwnAcme(tree, acme, findings);
  const letsencrypt = [...tls, "letsencrypt"];
  const old = valueAt(tree, letsencrypt);
  if (!isRawMap(old) || Object.keys(old).length === 0) return;
  if (!hasEntries(tree, [...letsencrypt, "hosts"])) findings.problem([...letsencrypt, "hosts"], "is needed: the names");
  if (textAt(tree, [...letsencrypt, "cachefile"]) === undefined)
    findings.problem([...letsencrypt, "cachefile"], "is needed");
}

function checkOwnAcme(tree: RawMap, acme: readonly string[], findings: Findings): void {
  const challenge = wordAt(tree, [...acme, "challenge"]) ?? "http-01";
  if (!hasEntries(tree, [...acme, "hosts"]))
    findings.problem([...acme, "hosts"], "is needed: the names in the certificate");
  if (!isOn(tree, [...acme, "termsagreed"])) {
    findings.problem([...acme, "termsagreed"], "must be true: read the terms of the certificate authority and agree");
  }
  if (challenge === "dns-01" && textAt(tree, [...acme, "dnshook"]) === undefined) {
    findings.problem([...acme, "dnshook"], "is needed with challenge dns-01");
  }
  const wildcard = listAt(tree, [...acme, "hosts"]).some((host) => typeof host === "string" && host.startsWith("*."));
  if (wildcard && challenge !== "dns-01") findings.problem([...acme, "hosts"], "names with * need challenge: dns-01");
  const account = ["keyid", "hmackey"].filter((key) => textAt(tree, [...acme, "eab", key]) !== undefined);
  if (account.length === 1) findings.problem([...acme, "eab"], "needs both keyid and hmackey");
}

function checkSyslog(tree: RawMap, findings: Findings): void {
  const syslog = ["audit", "exports", "syslog"];
  const given = ["ca", "certificate", "key"].filter((key) => textAt(tree, [...syslog, key]) !== undefined);
  if (given.length > 0 && !(textAt(tree, [...syslog, "address"]) ?? "tls:").startsWith("tls:"))
    findings.problem(syslog, `${given.join(", ")}: only an address tls://host:port has certificates`);
  const pair = given.filter((key) => key !== "ca");
  if (pair.length === 1) findings.problem(syslog, "needs both certificate and key, or neither");
}

function checkSchedules(tree: RawMap, findings: Findings): void {
  for (const work of ["gc", "retention", "history", "scrub", "usage"]) {
    const path = ["storage", "maintenance", work];
    const [schedule, interval] = ["schedule", "interval"].map((key) => textAt(tree, [...path, key]));
    if (schedule !== undefined && interval !== undefined)
      findings.problem([...path, "schedule"], "cannot be combined with interval; keep one");
  }
}

function checkOthers(tree: RawMap, findings: Findings): void {
  const indexes = ["validation", "manifests", "indexes"];
  if (wordAt(tree, [...indexes, "platforms"]) === "list" && !hasEntries(tree, [...indexes, "platformlist"])) {
    findings.problem([...indexes, "platformlist"], "is needed with platforms: list");
  }
  const debug = ["http", "debug"];
  if (isOn(tree, [...debug, "prometheus", "enabled"]) && textAt(tree, [...debug, "addr"]) === undefined) {
    findings.warning(
      [...debug, "prometheus"],
      "has no effect without http.debug.addr; http.metrics serves them on http.addr",
    );
  }
}

/** One of a few words, which the schema takes in any case. */
function wordAt(tree: RawMap, path: readonly string[]): string | undefined {
  return textAt(tree, path)?.toLowerCase();
}

function isOn(tree: RawMap, path: readonly string[]): boolean {
  return parseFlag(textAt(tree, path) ?? "") === true;
}

function listAt(tree: RawMap, path: readonly string[]): readonly unknown[] {
  const value = valueAt(tree, path);
  return Array.isArray(value) ? value : [];
}

function hasEntries(tree: RawMap, path: readonly string[]): boolean {
  return listAt(tree, path).length > 0;
}
