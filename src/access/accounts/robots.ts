import {
  type AccountRecord,
  findAccountRecord,
  insertAccount,
  listAccountRecords,
  type NamePage,
  type Queries,
  removeAccount,
  updateAccount,
} from "../../metadata/index.ts";
import { RegistryError, shorten } from "../../oci/index.ts";
import type { Change } from "../change.ts";
import { requireMay } from "../rules/authority.ts";
import { requireAuthorityOver } from "../rules/robot-authority.ts";
import { robotNameOf } from "./account-names.ts";
import { endTokens, requireFreeName } from "./account-rows.ts";
import { requireDescription } from "./person-fields.ts";

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

/**
 * Makes a robot, which can do nothing before it is given roles or grants.
 * @throws RegistryError `denied`, `not-found` for who must not know of the node; `bad-request`, `conflict`
 */
export async function createRobot(change: Change, robot: NewRobot): Promise<Robot> {
  const { queries, nowMs } = change;
  const { ownerPath, description, expiresAtMs } = robot;
  requireMay(await change.viewer(), "members:write", ownerPath);
  const name = robotNameOf(ownerPath, robot.name);
  requireDescription(description);
  requireFuture(nowMs, expiresAtMs);
  await requireFreeName(queries, name);
  const account = { name, kind: "robot", source: "local", displayName: description, ownerPath, expiresAtMs } as const;
  await insertAccount(queries, { ...account, nowMs });
  await change.record({ act: "robot.create", target: name });
  return getRobot(queries, name);
}

/** @param name the whole one. @throws RegistryError `not-found` */
export async function getRobot(queries: Queries, name: string): Promise<Robot> {
  return toRobot(await getRobotRecord(queries, name));
}

export interface RobotPage extends NamePage {
  /** Only those of this node, not of those below it; absent: of all. */
  readonly ownerPath?: string | undefined;
}

/** In the byte order of their whole names. */
export async function listRobots(queries: Queries, page: RobotPage): Promise<readonly Robot[]> {
  return (await listAccountRecords(queries, { ...page, kind: "robot" })).map(toRobot);
}

/** What is absent stays; `null` takes away. */
export interface RobotChanges {
  readonly description?: string | null | undefined;
  readonly expiresAtMs?: number | null | undefined;
  readonly isDisabled?: boolean | undefined;
}

/**
 * To disable a robot ends its tokens; its secrets work again when it is enabled.
 * @throws RegistryError `not-found`, `denied`, `bad-request`
 */
export async function updateRobot(change: Change, name: string, changes: RobotChanges): Promise<Robot> {
  const { description, expiresAtMs, isDisabled } = changes;
  const { queries, nowMs } = change;
  requireDescription(description);
  requireFuture(nowMs, expiresAtMs);
  const record = await getRobotInHands(change, name);
  const detail = {
    ...(expiresAtMs !== undefined && { expiresAtMs }),
    ...(isDisabled !== undefined && { isDisabled }),
  };
  const fields = { ...detail, ...(description !== undefined && { displayName: description }) };
  await updateAccount(queries, record.id, { ...fields, nowMs });
  if (isDisabled === true && !record.isDisabled) await endTokens(queries, record.id);
  await change.record({ act: "robot.update", target: name, detail });
  return getRobot(queries, name);
}

/** With its secrets, trusts, roles and grants. @throws RegistryError `not-found`, `denied` */
export async function deleteRobot(change: Change, name: string): Promise<void> {
  const { id } = await getRobotInHands(change, name);
  await removeAccount(change.queries, id);
  await change.record({ act: "robot.delete", target: name });
}

/** A robot that who makes the change decides about. @throws RegistryError `not-found`, `denied` */
export async function getRobotInHands(change: Change, name: string): Promise<AccountRecord> {
  const record = await getRobotRecord(change.queries, name);
  await requireAuthorityOver(change.queries, await change.viewer(), record);
  return record;
}

/** @throws RegistryError `not-found` */
export async function getRobotRecord(queries: Queries, name: string): Promise<AccountRecord> {
  const record = await findAccountRecord(queries, name);
  if (record?.kind === "robot") return record;
  throw new RegistryError("not-found", `there is no robot ${shorten(name)}`, { detail: { name: shorten(name) } });
}

/** @throws RegistryError `bad-request` */
export function requireFuture(nowMs: number, expiresAtMs: number | null | undefined): void {
  if (expiresAtMs === null || expiresAtMs === undefined) return;
  if (Number.isSafeInteger(expiresAtMs) && expiresAtMs > nowMs) return;
  const now = new Date(nowMs).toISOString();
  throw new RegistryError("bad-request", `the end is in the past: by the registry's clock it is ${now}`, {
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
