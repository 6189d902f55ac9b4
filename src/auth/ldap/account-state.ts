import type { LdapEntry } from "./ldap-entry.ts";

/** What {@link whyDisabled} looks at: Active Directory, OpenLDAP's password policy, 389 Directory Server. */
export const STATE_ATTRIBUTES = [
  "userAccountControl",
  "accountExpires",
  "pwdAccountLockedTime",
  "nsAccountLock",
] as const;

const ACCOUNT_DISABLED = 2;
/** Ticks of 100 ns from 1601 to 1970, in milliseconds. */
const EPOCH_1601_MS = 11_644_473_600_000n;
const NEVER_EXPIRES = 0x7fff_ffff_ffff_ffffn;
/** Locked until an administrator opens it; any other time is for the server to judge when the user binds. */
const LOCKED_FOR_GOOD = "000001010000Z";

/** Why the directory does not want its user to do anything; `undefined` if it does not say so. */
export function whyDisabled(entry: LdapEntry, nowMs: number): string | undefined {
  if ((Number(entry.text("userAccountControl") ?? 0) & ACCOUNT_DISABLED) !== 0) return "the account is disabled";
  if (hasExpired(entry.text("accountExpires"), nowMs)) return "the account has expired";
  if (entry.text("pwdAccountLockedTime") === LOCKED_FOR_GOOD) return "the account is locked";
  if (entry.text("nsAccountLock")?.toLowerCase() === "true") return "the account is locked";
  return undefined;
}

function hasExpired(fileTime: string | undefined, nowMs: number): boolean {
  if (fileTime === undefined || !/^\d{1,19}$/u.test(fileTime)) return false;
  const ticks = BigInt(fileTime);
  if (ticks === 0n || ticks >= NEVER_EXPIRES) return false;
  return ticks / 10_000n - EPOCH_1601_MS <= BigInt(Math.trunc(nowMs));
}
