import { valueType } from "./value-types.ts";

/** Part of the name of a source: `ldap:<name>`. */
export const directoryName = valueType("a name", (value) => {
  if (!/^[a-z0-9](?:[a-z0-9_-]{0,30}[a-z0-9])?$/u.test(value)) {
    throw new Error(`"${value}" is not a name of at most 32 small letters, digits, - and _`);
  }
  return value;
});

/** Scheme, host and port; nothing else of what such a URL may have means something here. */
export const ldapUrl = valueType("an ldap(s) URL", (value) => {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  const isLdap = url !== undefined && ["ldap:", "ldaps:"].includes(url.protocol) && url.hostname !== "";
  const isBare =
    isLdap && ["", "/"].includes(url.pathname) && url.search === "" && url.hash === "" && url.username === "";
  if (!isBare) {
    throw new Error(
      `"${value.replace(/[^/@\s]+@/u, "***@")}" is not ldap:// or ldaps:// with a host, and a port if need be`,
    );
  }
  return value.replace(/\/+$/u, "");
});

export const ldapAttribute = valueType("an attribute", (value) => {
  if (!/^[A-Za-z][A-Za-z0-9-]*$/u.test(value)) throw new Error(`"${value}" is not the name of an attribute`);
  return value;
});

/**
 * A filter with `{user}` or `{dn}` where values go. Space between its parts is taken out.
 * @spec RFC 4515
 */
export const ldapFilter = valueType("a filter", (value) => {
  const dense = value.trim().replaceAll(/\s*([()])\s*/gu, "$1");
  const filter = dense.startsWith("(") ? dense : `(${dense})`;
  if (readFilter(filter, 0) !== filter.length) throw notAFilter(filter, filter.length);
  return filter;
});

/** @returns where the filter that begins at `start` ends */
function readFilter(text: string, start: number): number {
  if (text[start] !== "(") throw notAFilter(text, start);
  const kind = text[start + 1];
  let at = start + 1;
  if (kind === "&" || kind === "|") {
    at = readFilter(text, at + 1);
    while (text[at] === "(") at = readFilter(text, at);
  } else if (kind === "!") {
    at = readFilter(text, at + 1);
  } else {
    at = readComparison(text, at);
  }
  if (text[at] !== ")") throw notAFilter(text, at);
  return at + 1;
}

const COMPARISON =
  /(?:[A-Za-z][A-Za-z0-9-]*(?:[<>~]?=|(?::dn)?(?::[A-Za-z0-9.-]+)?:=)|(?::dn)?:[A-Za-z0-9.-]+:=)([^()]*)/uy;

function readComparison(text: string, start: number): number {
  COMPARISON.lastIndex = start;
  const match = COMPARISON.exec(text);
  if (match === null) throw notAFilter(text, start);
  // Escapes of other bytes would be read one by one, not as one letter.
  if (/\\(?![0-7][0-9a-f])/iu.test(match[1] ?? "")) {
    throw new Error(`"${text}" has a \\ that is not \\28, \\29, \\2a or \\5c; write other characters as they are`);
  }
  return start + match[0].length;
}

function notAFilter(text: string, at: number): Error {
  const where = at < text.length ? `at "${text.slice(at, at + 20)}"` : "at its end";
  return new Error(`"${text}" is not a filter such as (uid={user}): see ${where}`);
}
