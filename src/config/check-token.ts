import type { Findings } from "./findings.ts";
import { isRawMap, textAt, valueAt, type RawMap } from "./raw-tree.ts";
import { isLoopbackUrl } from "./values/index.ts";

const token = ["auth", "token"];

/** Rules that concern several keys of `auth.token`. */
export function checkToken(tree: RawMap, findings: Findings): void {
  if (!isRawMap(valueAt(tree, token))) return;
  const jwks = textAt(tree, [...token, "jwks"]);
  if (jwks === undefined && textAt(tree, [...token, "rootcertbundle"]) === undefined)
    findings.problem(token, "needs rootcertbundle or jwks: the keys that tokens are signed with");
  if (jwks !== undefined && /^http:/iu.test(jwks) && !isLoopbackUrl(jwks))
    findings.problem([...token, "jwks"], "must be https:// or a file: whoever is on the way could put in a key");
}
