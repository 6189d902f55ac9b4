import type { LdapEntry } from "./ldap-entry.ts";

const GUID_BYTES = 16;

/**
 * What the directory never calls another entry: text as it is, Active Directory's `objectGUID` as its own tools write it, other
 * bytes in hexadecimal.
 */
export function externalIdOf(entry: LdapEntry, attribute: string): string | undefined {
  const bytes = entry.bytes(attribute);
  if (bytes === undefined || bytes.byteLength === 0) return undefined;
  if (attribute.toLowerCase() === "objectguid" && bytes.byteLength === GUID_BYTES) return guidText(bytes);
  const text = bytes.toString("utf8");
  const isText = Buffer.from(text).equals(bytes) && !/\p{Cc}/u.test(text);
  return isText ? text : bytes.toString("hex");
}

/** The first three parts are numbers with the lowest byte first. */
function guidText(bytes: Buffer): string {
  const reversed = (start: number, end: number) => Buffer.from(bytes.subarray(start, end)).reverse().toString("hex");
  const straight = (start: number, end: number) => bytes.toString("hex", start, end);
  return [reversed(0, 4), reversed(4, 6), reversed(6, 8), straight(8, 10), straight(10, 16)].join("-");
}
