import { errorCode } from "../../runtime/index.ts";

/** A server cannot be asked, or will not do what it was asked. The message names no password. */
export class LdapError extends Error {
  override readonly name = "LdapError";
  /** The server's result code; `undefined` if there was no answer. */
  readonly resultCode: number | undefined;

  constructor(message: string, resultCode: number | undefined, cause?: unknown) {
    super(message, { cause });
    this.resultCode = resultCode;
  }
}

/**
 * Makes one kind of error of what the client library and the sockets throw.
 * @param about put before what a server answered
 */
export function ldapErrorOf(error: unknown, about = ""): LdapError {
  if (error instanceof LdapError) return error;
  if (!(error instanceof Error)) return new LdapError(String(error), undefined);
  const message = onOneLine(error.message);
  if ("code" in error && typeof error.code === "number") {
    return new LdapError(`${about}${error.name.replace(/Error$/u, "")}: ${message}`, error.code, error);
  }
  const code = errorCode(error);
  const isNamed = code === undefined || message.includes(code);
  return new LdapError(isNamed ? message : `${message} (${code})`, undefined, error);
}

function onOneLine(message: string): string {
  return message
    .replaceAll("\0", "")
    .replaceAll(/\s*\n\s*/gu, " ")
    .trim();
}

/**
 * Result codes by which servers say no to a user and not to us: constraint violation (locked in 389 Directory Server), no such
 * object, invalid DN, no password to compare with, invalid credentials, insufficient access, unwilling to perform.
 */
const REFUSALS: ReadonlySet<number> = new Set([19, 32, 34, 48, 49, 50, 53]);

/** Whether the answer to a bind says that the user is not let in. */
export function isRefusal(error: LdapError): boolean {
  return error.resultCode !== undefined && REFUSALS.has(error.resultCode);
}

/** Active Directory tells in the message of result code 49 what is wrong. */
const ACTIVE_DIRECTORY_REASONS: Readonly<Record<string, string>> = {
  "525": "no such user",
  "52e": "wrong name or password",
  "530": "not at this time of day",
  "531": "not from this workstation",
  "532": "the password has expired",
  "533": "the account is disabled",
  "568": "too many groups",
  "701": "the account has expired",
  "773": "the password must be changed first",
  "775": "the account is locked",
};

/** Samba's answer to a name that nobody has, too. */
const SAYS_NOBODY: ReadonlySet<string> = new Set(["525", "52e"]);

/** Why a user was refused, for the log. */
export function refusalReason(error: LdapError): string {
  return ACTIVE_DIRECTORY_REASONS[activeDirectoryData(error) ?? ""] ?? error.message;
}

/** Whether the server said that there is such a user, though not let in. */
export function saysKnownUser(error: LdapError): boolean {
  const data = activeDirectoryData(error);
  return data !== undefined && !SAYS_NOBODY.has(data);
}

function activeDirectoryData(error: LdapError): string | undefined {
  return /\bdata ([0-9a-f]{3}),/iu.exec(error.message)?.[1]?.toLowerCase();
}
