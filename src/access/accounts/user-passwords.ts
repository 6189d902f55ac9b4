import {
  type AccountRecord,
  type ActOrigin,
  findAccountRecord,
  type Queries,
  recordAct,
  updateAccount,
} from "../../metadata/index.ts";
import { RegistryError } from "../../oci/index.ts";
import { requireGoodPassword } from "../passwords/password-rules.ts";
import { type Accounts, recordDeed } from "./accounts.ts";
import { endTokens, getUserRecord } from "./users.ts";

export interface NewPassword {
  readonly name: string;
  readonly password: string;
}

/**
 * Gives a local user another password, which is good for nothing but to be changed by its user. All tokens of the user end.
 * @throws RegistryError `not-found`; `bad-request` for a password that cannot be; `conflict` if the password is kept elsewhere
 */
export async function resetPassword(accounts: Accounts, { name, password }: NewPassword, by: ActOrigin): Promise<void> {
  requireLocal(await getUserRecord(accounts.metadata.reads, name));
  requireGoodPassword(name, password, accounts.options.minPasswordLength);
  const passwordHash = await accounts.passwords.hash(password);
  await accounts.metadata.transaction(async (queries) => {
    const record = requireLocal(await getUserRecord(queries, name));
    await putPassword(accounts, queries, { id: record.id, passwordHash, mustChangePassword: true });
    await accounts.lockOut.clear(queries, name);
    await recordDeed(queries, accounts, { ...by, act: "user.password", target: name, detail: { reset: true } });
  });
}

export interface PasswordChange {
  readonly name: string;
  readonly oldPassword: string;
  readonly newPassword: string;
}

/**
 * Changes a local user's password for who knows the old one. All tokens of the user end, and a failure counts as one to sign in.
 * @throws RegistryError `login-failed` for a wrong old password; `too-many-requests`; `bad-request`; `conflict` if the password is
 *   kept elsewhere
 */
export async function changePassword(accounts: Accounts, change: PasswordChange, by: ActOrigin): Promise<void> {
  const { name, oldPassword, newPassword } = change;
  await accounts.lockOut.requireOpen({ name, address: by.address });
  const record = requireLocal(await getUserRecord(accounts.metadata.reads, name));
  if (!(await accounts.passwords.verify(oldPassword, record.passwordHash ?? undefined)))
    throw await countWrongPassword(accounts, name, by);
  requireGoodPassword(name, newPassword, accounts.options.minPasswordLength);
  if (newPassword === oldPassword)
    throw new RegistryError("bad-request", "the new password is the old one", { detail: { field: "password" } });
  const passwordHash = await accounts.passwords.hash(newPassword);
  await accounts.metadata.transaction(async (queries) => {
    const now = await findAccountRecord(queries, name);
    if (now?.id !== record.id || now.passwordHash !== record.passwordHash || now.isDisabled)
      throw new RegistryError("login-failed", "the password was just changed: sign in again");
    await putPassword(accounts, queries, { id: record.id, passwordHash, mustChangePassword: false });
    await accounts.lockOut.clear(queries, name);
    await recordDeed(queries, accounts, { ...by, act: "user.password", target: name });
  });
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
  accounts: Accounts,
  queries: Queries,
  { id, ...fields }: { readonly id: number; readonly passwordHash: string; readonly mustChangePassword: boolean },
): Promise<void> {
  await updateAccount(queries, id, { ...fields, nowMs: accounts.clock.nowMs() });
  await endTokens(queries, id);
}

function requireLocal(record: AccountRecord): AccountRecord {
  if (record.source === "local") return record;
  throw new RegistryError("conflict", `the password of ${record.name} is kept by ${record.source}: change it there`);
}
