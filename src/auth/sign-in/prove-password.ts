import { type AccountRecord, type ActOrigin, findAccountRecord } from "../../metadata/index.ts";
import { RegistryError } from "../../oci/index.ts";
import { type Accounts, isExternalName, isUsable, toAccount, type VerifiedPasswords } from "../../access/index.ts";
import type { BasicCredentials } from "../basic-credentials.ts";
import type { ExternalUsers } from "./external-users.ts";
import type { PasswordSource } from "./password-source.ts";
import type { Outcome } from "./proof.ts";
import type { Identity } from "./sign-in.ts";

export interface PasswordCheck {
  readonly accounts: Accounts;
  /** In the order in which they are asked for a name that no account has. */
  readonly sources: readonly PasswordSource[];
  readonly verified: VerifiedPasswords;
  readonly externalUsers: ExternalUsers;
}

/**
 * Who has an account is asked for the password where the account is from, and nowhere else. A refusal costs one slow hash at
 * least, unless a source had to work instead.
 */
export async function provePassword(
  check: PasswordCheck,
  credentials: BasicCredentials,
  by: ActOrigin,
): Promise<Outcome> {
  const { username, password } = credentials;
  const record = await findAccountRecord(check.accounts.metadata.reads, username);
  if (record?.source === "local" && record.kind === "user") return proveLocal(check, record, password);
  const sources = check.sources.filter(({ name }) => isAsked(name, record, username));
  for (const source of sources) {
    const outcome = await proveBy(check, { source, credentials, by });
    if (outcome) return outcome;
  }
  await check.accounts.passwords.verify(password, undefined);
  if (record) return { refusal: `${record.source} knows no such user, or not the password` };
  return { refusal: "nobody knows such a user" };
}

function isAsked(source: string, record: AccountRecord | undefined, username: string): boolean {
  return record ? record.kind === "user" && record.source === source : isExternalName(username);
}

async function proveLocal(
  { accounts, verified }: PasswordCheck,
  record: AccountRecord,
  password: string,
): Promise<Outcome> {
  const { name, passwordHash } = record;
  const isRight =
    passwordHash === null
      ? await accounts.passwords.verify(password, undefined)
      : await verified.check(name, password, passwordHash);
  if (!isRight) return { refusal: "wrong password" };
  // Anything may have happened to the account meanwhile.
  const { metadata, clock } = accounts;
  const now = await findAccountRecord(metadata.reads, name);
  if (now?.id !== record.id || now.passwordHash !== passwordHash) return { refusal: "the password was just changed" };
  const account = await toAccount(metadata.reads, now);
  if (!isUsable(account, clock.nowMs())) return { refusal: "the account is disabled or has expired" };
  const { expiresAtMs } = account;
  return { identity: { account, limits: [], expiresAtMs, isByPassword: true }, untilMs: Infinity };
}

interface SourceCheck {
  readonly source: PasswordSource;
  readonly credentials: BasicCredentials;
  readonly by: ActOrigin;
}

/** @returns `undefined` if the source does not know the name */
async function proveBy(check: PasswordCheck, { source, credentials, by }: SourceCheck): Promise<Outcome | undefined> {
  const vouched = await askSource(check, { source, credentials, by });
  if (vouched === "unknown-user") return undefined;
  if (vouched === "wrong-password") return { refusal: `wrong password, says ${source.name}` };
  if ("refusal" in vouched) return vouched;
  const { account, untilMs } = vouched;
  if (!isUsable(account, check.accounts.clock.nowMs())) return { refusal: "the account is disabled or has expired" };
  const { expiresAtMs } = account;
  // A token of ours would outlive the user where nobody can be asked.
  const identity: Identity = { account, limits: [], expiresAtMs, isByPassword: source.findUser !== undefined };
  if (source.remembers) return { identity, untilMs: Infinity, source };
  return { identity: { ...identity, vouchedUntilMs: untilMs }, untilMs };
}

async function askSource({ externalUsers }: PasswordCheck, { source, credentials, by }: SourceCheck) {
  try {
    return await externalUsers.byPassword(source, credentials, by);
  } catch (error) {
    if (error instanceof RegistryError && error.kind === "conflict") return { refusal: error.message };
    throw error;
  }
}
