import { parseTextPattern } from "../../runtime/index.ts";

/** What a token says, as it was read from JSON. */
export type Claims = Readonly<Record<string, unknown>>;

/**
 * The value of a claim. Its name is first taken as it stands; else it is a way into groups of claims, with dots between the steps:
 * `kubernetes.io.namespace` is `namespace` in the group `kubernetes.io`. Longer steps go first.
 */
export function claimAt(claims: Claims, name: string): unknown {
  if (Object.hasOwn(claims, name)) return claims[name];
  for (let dot = name.lastIndexOf("."); dot > 0; dot = name.lastIndexOf(".", dot - 1)) {
    const group = Object.hasOwn(claims, name.slice(0, dot)) ? claims[name.slice(0, dot)] : undefined;
    const value = isGroup(group) ? claimAt(group, name.slice(dot + 1)) : undefined;
    if (value !== undefined) return value;
  }
  return undefined;
}

/** The value of a claim if it is text with something in it. */
export function textClaimAt(claims: Claims, name: string): string | undefined {
  const value = claimAt(claims, name);
  return typeof value === "string" && value !== "" ? value : undefined;
}

/**
 * The first claim that is not as its pattern wants it. Numbers and flags are compared as text; of a list one value must match.
 * @param patterns as `parseTextPattern` reads them
 */
export function findUnmatchedClaim(claims: Claims, patterns: Readonly<Record<string, string>>): string | undefined {
  return Object.keys(patterns).find((name) => {
    const matches = parseTextPattern(patterns[name] ?? "");
    return !textsOf(claimAt(claims, name)).some(matches);
  });
}

function textsOf(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.flatMap((one) => (isPlain(one) ? [String(one)] : []));
  return isPlain(value) ? [String(value)] : [];
}

function isPlain(value: unknown): value is string | number | boolean {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean";
}

function isGroup(value: unknown): value is Claims {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
