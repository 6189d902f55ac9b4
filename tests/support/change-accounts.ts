import * as access from "../../src/access/index.ts";
import type { Accounts, Change } from "../../src/access/index.ts";
import type { ActOrigin } from "../../src/metadata/index.ts";

/** What changes accounts, each as a change of its own that an administrator makes. The last argument says from where. */
function alone<Arguments extends readonly unknown[], Result>(
  make: (change: Change, ...args: Arguments) => Promise<Result>,
): (accounts: Accounts, ...args: readonly [...Arguments, ActOrigin]) => Promise<Result> {
  return (accounts, ...args) => {
    const from = args.at(-1) as ActOrigin;
    return administer(accounts, from, (change) => make(change, ...(args.slice(0, -1) as unknown as Arguments)));
  };
}

function administer<Result>(
  accounts: Accounts,
  from: ActOrigin,
  make: (change: Change) => Promise<Result>,
): Promise<Result> {
  return access.makeChange(accounts, { asker: { subjects: [], systemRole: "administrator" }, from }, make);
}

export const disableUser = alone(access.disableUser);
export const enableUser = alone(access.enableUser);
export const deleteUser = alone(access.deleteUser);
export const createGroup = alone(access.createGroup);
export const deleteGroup = alone(access.deleteGroup);
export const addGroupMember = alone(access.addGroupMember);
export const deleteGroupMember = alone(access.deleteGroupMember);
export const addGroupMapping = alone(access.addGroupMapping);
export const deleteGroupMapping = alone(access.deleteGroupMapping);
export const createRobot = alone(access.createRobot);
export const deleteRobot = alone(access.deleteRobot);
export const addRobotTrust = alone(access.addRobotTrust);
export const deleteRobotTrust = alone(access.deleteRobotTrust);
export const revokeRobotSecret = alone(access.revokeRobotSecret);
export const revokePersonalToken = alone(access.revokePersonalToken);

export interface NewUser extends Omit<Parameters<typeof access.createUser>[1], "passwordHash"> {
  readonly password: string;
}

export async function createUser(
  accounts: Accounts,
  { password, ...user }: NewUser,
  from: ActOrigin,
): Promise<access.User> {
  const passwordHash = await access.hashNewPassword(accounts, { name: user.name, password });
  return administer(accounts, from, (change) => access.createUser(change, { ...user, passwordHash }));
}

interface Changed<Changes> {
  readonly name: string;
  readonly changes: Changes;
}

export function updateUser(
  accounts: Accounts,
  { name, changes }: Changed<Parameters<typeof access.updateUser>[2]>,
  from: ActOrigin,
): Promise<access.User> {
  return administer(accounts, from, (change) => access.updateUser(change, name, changes));
}

export function updateGroup(
  accounts: Accounts,
  { name, changes }: Changed<Parameters<typeof access.updateGroup>[2]>,
  from: ActOrigin,
): Promise<access.Group> {
  return administer(accounts, from, (change) => access.updateGroup(change, name, changes));
}

export function updateRobot(
  accounts: Accounts,
  { name, changes }: Changed<Parameters<typeof access.updateRobot>[2]>,
  from: ActOrigin,
): Promise<access.Robot> {
  return administer(accounts, from, (change) => access.updateRobot(change, name, changes));
}

export async function resetPassword(
  accounts: Accounts,
  { name, password }: { readonly name: string; readonly password: string },
  from: ActOrigin,
): Promise<void> {
  const passwordHash = await access.hashNewPassword(accounts, { name, password });
  await administer(accounts, from, (change) => access.resetPassword(change, { name, passwordHash }, accounts));
}

export async function changePassword(
  accounts: Accounts,
  wanted: Parameters<typeof access.proveOldPassword>[1],
  from: ActOrigin,
): Promise<void> {
  const proven = await access.proveOldPassword(accounts, wanted, from);
  await administer(accounts, from, (change) => access.changePassword(change, proven, accounts));
}

export function createRobotSecret(
  accounts: Accounts,
  secret: Parameters<typeof access.createRobotSecret>[1],
  from: ActOrigin,
): Promise<access.CreatedSecret> {
  return administer(accounts, from, (change) => access.createRobotSecret(change, secret, accounts.random));
}

export function createPersonalToken(
  accounts: Accounts,
  token: access.NewPersonalToken,
  from: ActOrigin,
): Promise<access.CreatedSecret> {
  return administer(accounts, from, (change) => access.createPersonalToken(change, token, accounts.random));
}
