import type { Findings } from "./findings.ts";
import { isRawMap, type KeyPath, type RawMap, textAt, valueAt } from "./raw-tree.ts";
import { parseFlag } from "./values/index.ts";

/** A group of a list, where it stands. */
interface Entry {
  readonly at: KeyPath;
  readonly map: RawMap;
  readonly findings: Findings;
}

/** Rules that concern several keys of `auth.oidc` and `auth.workloads`. */
export function checkOidc(tree: RawMap, findings: Findings): void {
  const providers = entriesAt(tree, ["auth", "oidc"], findings);
  const issuers = entriesAt(tree, ["auth", "workloads", "issuers"], findings);
  requireDifferent(providers, "name");
  requireDifferent(issuers, "issuer");
  for (const entry of [...providers, ...issuers]) checkEncryption(entry);
  for (const provider of providers) checkClaims(provider);
  for (const issuer of issuers) checkKeySource(issuer);
}

function entriesAt(tree: RawMap, path: KeyPath, findings: Findings): readonly Entry[] {
  const list = valueAt(tree, path);
  if (!Array.isArray(list)) return [];
  return list.flatMap((map, index) => (isRawMap(map) ? [{ at: [...path, index], map, findings }] : []));
}

function requireDifferent(entries: readonly Entry[], key: string): void {
  const known = new Set<string>();
  for (const entry of entries) {
    const text = textAt(entry.map, [key]);
    if (text !== undefined && known.has(text)) problem(entry, key, `"${text}" is there twice`);
    known.add(text ?? "");
  }
}

function checkEncryption(entry: Entry): void {
  const isAllowed = parseFlag(textAt(entry.map, ["insecurehttp"]) ?? "") === true;
  const plain = ["issuer", "jwksuri"].filter((key) => /^http:/iu.test(textAt(entry.map, [key]) ?? ""));
  for (const key of plain)
    if (!isAllowed) problem(entry, key, "is not https://; where that is wanted, say insecurehttp: true");
  if (isAllowed) entry.findings.warning([...entry.at, "insecurehttp"], "whoever is in between can say who signs in");
}

/** Without a claim or a domain everybody who has an account at a public provider would come in. */
function checkClaims(provider: Entry): void {
  const issuer = textAt(provider.map, ["issuer"]) ?? "";
  const isForAll = /^https:\/\/(?:accounts\.google\.com|gitlab\.com|login\.microsoftonline\.com\/common)\b/iu.test(
    issuer,
  );
  const isNarrowed = ["requiredclaims", "emaildomains"].some((key) => valueAt(provider.map, [key]) !== undefined);
  if (isForAll && !isNarrowed)
    provider.findings.warning([...provider.at, "issuer"], "lets all the world in; set requiredclaims or emaildomains");
}

function checkKeySource(issuer: Entry): void {
  const has = (key: string) => textAt(issuer.map, [key]) !== undefined;
  if (!has("jwksfile")) return;
  for (const key of ["jwksuri", "bearertokenfile", "ca"].filter(has))
    problem(issuer, key, "has no effect with jwksfile; keep one");
}

function problem({ at, findings }: Entry, key: string, message: string): void {
  findings.problem([...at, key], message);
}
