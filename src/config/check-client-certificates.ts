import type { Findings } from "./findings.ts";
import { isRawMap, type KeyPath, type RawMap, type RawValue, textAt, valueAt } from "./raw-tree.ts";

const group: KeyPath = ["auth", "clientcertificates"];

/** Rules that concern several keys of `auth.clientcertificates`, and what is needed for them elsewhere. */
export function checkClientCertificates(tree: RawMap, findings: Findings): void {
  const rules = listAt(tree, [...group, "rules"]);
  const header = textAt(tree, [...group, "header"]);
  if (header !== undefined) checkHeader(tree, findings, rules.length > 0);
  if (rules.length === 0) return;
  const hasAuthorities = listAt(tree, ["http", "tls", "clientcas"]).length > 0;
  if (!hasAuthorities && header === undefined)
    findings.problem(
      [...group, "rules"],
      "needs http.tls.clientcas, or a header in which a proxy passes certificates on",
    );
  if (hasAuthorities && textAt(tree, ["http", "net"])?.toLowerCase() === "unix")
    findings.problem([...group, "rules"], "needs a TCP port: with http.net: unix no certificate can be told");
  for (const [index, rule] of rules.entries())
    if (isRawMap(rule)) checkRule(rule, [...group, "rules", index], findings);
}

function checkHeader(tree: RawMap, findings: Findings, hasRules: boolean): void {
  if (!hasRules) findings.problem([...group, "header"], "needs rules that say whose a certificate is");
  if (listAt(tree, ["http", "trustedproxies"]).length === 0)
    findings.problem([...group, "header"], "needs http.trustedproxies: from nobody else is it believed");
}

function checkRule(rule: RawMap, at: KeyPath, findings: Findings): void {
  const [subject, san] = [textAt(rule, ["match", "subject"]), textAt(rule, ["match", "san"])];
  const [account, from] = [textAt(rule, ["account"]), textAt(rule, ["from"])?.toLowerCase()];
  if (subject === undefined && san === undefined)
    findings.problem([...at, "match"], "needs subject or san: it would be for all certificates");
  if ((account === undefined) === (from === undefined))
    findings.problem([...at, "account"], "or from is needed, and not both");
  if (from === "san" && san?.split("*").length !== 2)
    findings.problem([...at, "from"], "takes the name from match.san, which needs one * that stands for it");
}

function listAt(tree: RawMap, path: KeyPath): readonly RawValue[] {
  const value = valueAt(tree, path);
  return Array.isArray(value) ? value : [];
}
