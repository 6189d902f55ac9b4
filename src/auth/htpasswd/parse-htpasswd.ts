import { isExternalName } from "../../access/index.ts";

/** Password hashes by user name. */
export type HtpasswdEntries = ReadonlyMap<string, string>;

export interface ParsedHtpasswd {
  readonly entries: HtpasswdEntries;
  /** What is wrong with lines that were left out, each with its line number; never a hash. */
  readonly problems: readonly string[];
}

/**
 * The work factor is 4 to 31. The last characters of salt and hash stand for less than six bits: of others than these the
 * check itself would fail, whatever the password.
 */
const BCRYPT = /^\$2[aby]\$(0[4-9]|[12]\d|3[01])\$[./A-Za-z0-9]{21}[.Oeu][./A-Za-z0-9]{30}[.CGKOSWaeimquy26]$/;

/** Reads Apache's password file as far as it is bcrypt, as registry:2 does, and names users as accounts can be named. Later lines for a user win. */
export function parseHtpasswd(text: string): ParsedHtpasswd {
  const entries = new Map<string, string>();
  const problems: string[] = [];
  for (const [index, raw] of text.split("\n").entries()) {
    const line = raw.trim();
    if (line === "" || line.startsWith("#")) continue;
    const colon = line.indexOf(":");
    const hash = line.slice(colon + 1);
    if (colon < 1) problems.push(`line ${index + 1} is not user:hash`);
    else if (!BCRYPT.test(hash))
      problems.push(`line ${index + 1}: the hash is not bcrypt, this user cannot log in (make it with htpasswd -B)`);
    else if (!isExternalName(line.slice(0, colon)))
      problems.push(`line ${index + 1}: the name has another meaning or cannot be one here, this user cannot log in`);
    else entries.set(line.slice(0, colon), hash);
  }
  return { entries, problems };
}

/** The work factor: each step doubles the time of a check. */
export function bcryptCostOf(hash: string): number {
  return Number(BCRYPT.exec(hash)?.[1] ?? 0);
}
