import { escapeDnValue } from "./escape-dn-value.ts";

/**
 * The names under which groups can be mapped: of each its DN, and its common name unless two groups of the list share it. Both as
 * {@link normalizeGroupName} writes them. Whoever may make groups anywhere in the directory can choose a common name; a DN only
 * in their own part of it.
 */
export function groupNamesOf(dns: Iterable<string>): readonly string[] {
  const normalDns = new Set([...dns].map(normalizeDn));
  const counts = new Map<string, number>();
  for (const dn of normalDns) {
    const name = commonNameOf(dn);
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  // A name with `=` in it could be taken for the DN of another group.
  const shortNames = [...counts].filter(([name, count]) => count === 1 && name !== "" && !name.includes("="));
  return [...normalDns, ...shortNames.map(([name]) => name)].sort();
}

/** The one way to write the name of a group, as a DN or in short, for comparing what people wrote with what a directory says. */
export function normalizeGroupName(name: string): string {
  return name.includes("=") ? normalizeDn(name) : name.trim().toLowerCase();
}

/** Lower case, nothing around `,`, `=` and `+`, and escapes of one form. */
export function normalizeDn(dn: string): string {
  return splitUnescaped(dn.toLowerCase(), ",").map(normalizeRdn).join(",");
}

function normalizeRdn(rdn: string): string {
  return splitUnescaped(rdn, "+").map(normalizePair).sort().join("+");
}

function normalizePair(pair: string): string {
  const equals = pair.indexOf("=");
  if (equals === -1) return pair.trim();
  return `${pair.slice(0, equals).trim()}=${escapeDnValue(unescapeValue(trimUnescaped(pair.slice(equals + 1))))}`;
}

/** The first value of a normalised DN, `cn=` in most directories. */
function commonNameOf(dn: string): string {
  const [rdn = ""] = splitUnescaped(dn, ",");
  const [pair = ""] = splitUnescaped(rdn, "+");
  return unescapeValue(pair.slice(pair.indexOf("=") + 1));
}

function splitUnescaped(text: string, separator: string): readonly string[] {
  const parts: string[] = [];
  let start = 0;
  for (let at = 0; at < text.length; at++) {
    if (text[at] === "\\") at++;
    else if (text[at] === separator) {
      parts.push(text.slice(start, at));
      start = at + 1;
    }
  }
  return [...parts, text.slice(start)];
}

/** A space at the end belongs to the value if there is a backslash before it. */
function trimUnescaped(value: string): string {
  return value.replace(/^ +/u, "").replace(/(?<!\\) +$/u, "");
}

/** `\,` and `\2c` are a comma; several escapes in hexadecimal may be one letter of UTF-8. */
function unescapeValue(value: string): string {
  return value.replaceAll(/((?:\\[0-9a-f]{2})+)|\\(.)/gsu, (_, bytes: string | undefined, character: string) =>
    bytes === undefined ? character : Buffer.from(bytes.replaceAll("\\", ""), "hex").toString("utf8").toLowerCase(),
  );
}
