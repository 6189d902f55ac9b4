import {
  type AccountChanges,
  type AccountRecord,
  type ActOrigin,
  findAccountRecord,
  insertAccount,
  listAccountRecords,
  type NamePage,
  type Queries,
  removeAccount,
  updateAccount,
} from "../../metadata/index.ts";
import { RegistryError, shorten } from "../../oci/index.ts";
import { robotNameOf } from "./account-names.ts";
import { type Accounts, recordDeed } from "./accounts.ts";
import { requireDescription } from "./person-fields.ts";
import { endTokens, requireFreeName } from "./users.ts";

/** A program that signs in; it belongs to a node of the namespace tree. */
export interface Robot {
  readonly id: number;
  /** `<node>+<name>`. */
  readonly name: string;
  readonly ownerPath: string;
  readonly description: string | undefined;
  readonly isDisabled: boolean;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  /** Exclusive; `undefined`: for good. */
  readonly expiresAtMs: number | undefined;
  /** True to a minute. */
  readonly lastUsedAtMs: number | undefined;
}

export interface NewRobot {
  /** `""` is the root. */
  readonly ownerPath: string;
  /** What stands behind the `+`. */
  readonly name: string;
  readonly description?: string | undefined;
  readonly expiresAtMs?: number | undefined;
}

/** Makes a robot, which can do nothing before it is given roles or grants. @throws RegistryError `bad-request`, `conflict` */
export async function createRobot(accounts: Accounts, robot: NewRobot, by: ActOrigin): Promise<Robot> {
  const name = robotNameOf(robot.ownerPath, robot.name);
  requireDescription(robot.description);
  requireFuture(accounts, robot.expiresAtMs);
  return accounts.metadata.transaction(async (queries) => {
    await requireFreeName(queries, name);
    await insertAccount(queries, {
      name,
      kind: "robot",
      source: "local",
      externalId: null,
      displayName: robot.description ?? null,
      email: null,
      passwordHash: null,
      mustChangePassword: false,
      systemRole: null,
      ownerPath: robot.ownerPath,
      expiresAtMs: robot.expiresAtMs ?? null,
      nowMs: accounts.clock.nowMs(),
    });
    await recordDeed(queries, accounts, { ...by, act: "robot.create", target: name });
    return toRobot(await getRobotRecord(queries, name));
  });
}

/** @param name the whole one. @throws RegistryError `not-found` */
export async function getRobot(accounts: Accounts, name: string): Promise<Robot> {
  return toRobot(await getRobotRecord(accounts.metadata.reads, name));
}

export interface RobotPage extends NamePage {
  /** Only those of this node, not of those below it; absent: of all. */
  readonly ownerPath?: string | undefined;
}

/** In the byte order of their whole names. */
export async function listRobots(accounts: Accounts, page: RobotPage): Promise<readonly Robot[]> {
  const records = await listAccountRecords(accounts.metadata.reads, { ...page, kind: "robot" });
  return records.map(toRobot);
}

/** What is absent stays; `null` takes away. */
export interface RobotChanges {
  readonly description?: string | null | undefined;
  readonly expiresAtMs?: number | null | undefined;
  readonly isDisabled?: boolean | undefined;
}

/**
 * To disable a robot ends its tokens; its secrets work again when it is enabled.
 * @throws RegistryError `not-found`, `bad-request`
 */
export async function updateRobot(
  accounts: Accounts,
  { name, changes }: { readonly name: string; readonly changes: RobotChanges },
  by: ActOrigin,
): Promise<Robot> {
  const { description, expiresAtMs, isDisabled } = changes;
  requireDescription(description);
  requireFuture(accounts, expiresAtMs);
  return accounts.metadata.transaction(async (queries) => {
    const record = await getRobotRecord(queries, name);
    const fields: Omit<AccountChanges, "nowMs"> = {
      ...(description !== undefined && { displayName: description }),
      ...(expiresAtMs !== undefined && { expiresAtMs }),
      ...(isDisabled !== undefined && { isDisabled }),
    };
    await updateAccount(queries, record.id, { ...fields, nowMs: accounts.clock.nowMs() });
    if (isDisabled === true && !record.isDisabled) await endTokens(queries, record.id);
    const detail = {
      ...(expiresAtMs !== undefined && { expiresAtMs }),
      ...(isDisabled !== undefined && { isDisabled }),
    };
    await recordDeed(queries, accounts, { ...by, act: "robot.update", target: name, detail });
    return toRobot(await getRobotRecord(queries, name));
  });
}

/** With its secrets, trusts, roles and grants. @throws RegistryError `not-found` */
export async function deleteRobot(accounts: Accounts, name: string, by: ActOrigin): Promise<void> {
  await accounts.metadata.transaction(async (queries) => {
    const { id } = await getRobotRecord(queries, name);
    await removeAccount(queries, id);
    await recordDeed(queries, accounts, { ...by, act: "robot.delete", target: name });
  });
}

/** @throws RegistryError `not-found` */
export async function getRobotRecord(queries: Queries, name: string): Promise<AccountRecord> {
  const record = await findAccountRecord(queries, name);
  if (record?.kind === "robot") return record;
  throw new RegistryError("not-found", `there is no robot ${shorten(name)}`, { detail: { name: shorten(name) } });
}

/** @throws RegistryError `bad-request` */
export function requireFuture({ clock }: Accounts, expiresAtMs: number | null | undefined): void {
  if (expiresAtMs === null || expiresAtMs === undefined) return;
  if (!Number.isSafeInteger(expiresAtMs) || expiresAtMs <= clock.nowMs())
    throw new RegistryError("bad-request", "the end is in the past: give a time to come", {
      detail: { field: "expiresAt" },
    });
}

function toRobot(record: AccountRecord): Robot {
  return {
    id: record.id,
    name: record.name,
    ownerPath: record.ownerPath ?? "",
    description: record.displayName ?? undefined,
    isDisabled: record.isDisabled,
    createdAtMs: record.createdAtMs,
    updatedAtMs: record.updatedAtMs,
    expiresAtMs: record.expiresAtMs ?? undefined,
    lastUsedAtMs: record.lastUsedAtMs ?? undefined,
  };
}
