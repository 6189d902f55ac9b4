import {
  type AccountRecord,
  type ActOrigin,
  findAccountRecord,
  recordAct,
  removePersonalSecrets,
  updateAccount,
} from "../../metadata/index.ts";
import { RegistryError } from "../../oci/index.ts";
import type { Change } from "../change.ts";
import { requireGoodPassword } from "../passwords/password-rules.ts";
import { endTokens } from "./account-rows.ts";
import type { Accounts } from "./accounts.ts";
import { getUserRecord } from "./user.ts";

export interface NewPassword {
  readonly name: string;
  readonly password: string;
}

/**
 * What is kept of a password that a user is to have. It takes as long as a sign-in: no transaction waits for it.
 * @throws RegistryError `bad-request` for a password that cannot be; `too-many-requests`
 */
export async function hashNewPassword(
  { options, passwords }: Pick<Accounts, "options" | "passwords">,
  { name, password }: NewPassword,
): Promise<string> {
  requireGoodPassword(name, password, options.minPasswordLength);
  return passwords.hash(password);
}

export interface NewPasswordHash {
  readonly name: string;
  /** Of `hashNewPassword`. */
  readonly passwordHash: string;
}

/**
 * Gives a local user another password, which is good for nothing but to be changed by its user. All tokens of the user end, personal
 * ones too: somebody else may have made them.
 * @throws RegistryError `not-found`; `conflict` if the password is kept elsewhere
 */
export async function resetPassword(
  change: Change,
  { name, passwordHash }: NewPasswordHash,
  { lockOut }: Pick<Accounts, "lockOut">,
): Promise<void> {
  const { id } = requireLocal(await getUserRecord(change.queries, name));
  await putPassword(change, { id, passwordHash, mustChangePassword: true });
  await removePersonalSecrets(change.queries, id);
  await lockOut.clear(change.queries, name);
  await change.record({ act: "user.password", target: name, detail: { reset: true } });
}

export interface PasswordChange {
  readonly name: string;
  readonly oldPassword: string;
  readonly newPassword: string;
}

/** A new password of somebody who knew the old one. */
export interface ProvenPassword extends NewPasswordHash {
  readonly before: AccountRecord;
  /** Where it was proved from. */
  readonly address: string | undefined;
}

/**
 * Lets who knows a local user's password choose another; a failure counts as one to sign in. It takes as long as two sign-ins.
 * @throws RegistryError `login-failed` for a wrong old password; `too-many-requests`; `bad-request`; `conflict` if the password is
 *   kept elsewhere
 */
export async function proveOldPassword(
  accounts: Accounts,
  { name, oldPassword, newPassword }: PasswordChange,
  by: ActOrigin,
): Promise<ProvenPassword> {
  await accounts.lockOut.requireOpen({ name, address: by.address });
  const before = requireLocal(await getUserRecord(accounts.metadata.reads, name));
  if (!(await accounts.passwords.verify(oldPassword, before.passwordHash ?? undefined)))
    throw await countWrongPassword(accounts, name, by);
  if (newPassword === oldPassword)
    throw new RegistryError("bad-request", "the new password is the old one", { detail: { field: "password" } });
  const passwordHash = await hashNewPassword(accounts, { name, password: newPassword });
  return { name, passwordHash, before, address: by.address };
}

/** All tokens of the user end but the personal ones, which stand for themselves. @throws RegistryError `login-failed` if it is another password or account by now */
export async function changePassword(
  change: Change,
  { name, passwordHash, before, address }: ProvenPassword,
  { lockOut }: Pick<Accounts, "lockOut">,
): Promise<void> {
  const now = await findAccountRecord(change.queries, name);
  if (now?.id !== before.id || now.passwordHash !== before.passwordHash || now.isDisabled)
    throw new RegistryError("login-failed", "the password was just changed: sign in again");
  await putPassword(change, { id: now.id, passwordHash, mustChangePassword: false });
  await lockOut.forgive(change.queries, name, address);
  await change.record({ act: "user.password", target: name });
}

async function countWrongPassword(accounts: Accounts, name: string, by: ActOrigin): Promise<RegistryError> {
  await accounts.metadata.transaction(async (queries) => {
    await accounts.lockOut.countFailure(queries, { name, address: by.address });
    const act = { act: "user.password", target: name, outcome: "failure" } as const;
    await recordAct(queries, { ...by, ...act, atMs: accounts.clock.nowMs(), detail: { reason: "wrong password" } });
  });
  return new RegistryError("login-failed", "the old password is wrong", { detail: { user: name } });
}

async function putPassword(
  { queries, nowMs }: Change,
  { id, ...fields }: { readonly id: number; readonly passwordHash: string; readonly mustChangePassword: boolean },
): Promise<void> {
  await updateAccount(queries, id, { ...fields, nowMs });
  await endTokens(queries, id);
}

function requireLocal(record: AccountRecord): AccountRecord {
  if (record.source === "local") return record;
  throw new RegistryError("conflict", `the password of ${record.name} is kept by ${record.source}: change it there`);
}
