import {
  type AccountRecord,
  findSecret,
  insertSecret,
  listSecretsOf,
  type Queries,
  raiseAccountGeneration,
  removeSecret,
  type SecretKind,
  type SecretRecord,
} from "../../metadata/index.ts";
import { RegistryError, shorten } from "../../oci/index.ts";
import type { RandomBytes } from "../../runtime/index.ts";
import type { Change } from "../change.ts";
import { hashOfSecret } from "../hash-of-secret.ts";
import type { AccessLimit } from "../rules/access-limit.ts";
import { parsePathPattern } from "../rules/path-pattern.ts";
import { ACTIONS } from "../rules/roles.ts";
import { getRobotInHands, getRobotRecord, requireFuture } from "./robots.ts";
import { createSecretText } from "./secret-text.ts";
import { getUserRecord } from "./user.ts";

/** What is known of a secret: never the secret itself. */
export interface Secret {
  readonly id: number;
  readonly name: string;
  /** What it may be used for; empty: for all that its account may do. */
  readonly limits: readonly AccessLimit[];
  readonly createdAtMs: number;
  /** Exclusive; `undefined`: for good. */
  readonly expiresAtMs: number | undefined;
  /** True to a minute. */
  readonly lastUsedAtMs: number | undefined;
}

export interface CreatedSecret {
  readonly secret: Secret;
  /** What goes into the place of a password. Kept nowhere: this is the only time to show it. */
  readonly text: string;
}

export interface NewRobotSecret {
  readonly robot: string;
  /** One that no other of the robot has. */
  readonly name: string;
  readonly expiresAtMs?: number | undefined;
}

/**
 * A robot may have several at once, so that one can be changed for another.
 * @throws RegistryError `not-found`, `denied`, `bad-request`, `conflict`
 */
export async function createRobotSecret(
  change: Change,
  { robot, ...secret }: NewRobotSecret,
  random: RandomBytes,
): Promise<CreatedSecret> {
  const owner = await getRobotInHands(change, robot);
  return create(change, owner, { ...secret, kind: "robot", limits: [], text: createSecretText("robot", random) });
}

/** @throws RegistryError `not-found` */
export async function listRobotSecrets(queries: Queries, robot: string): Promise<readonly Secret[]> {
  return list(queries, "robot", await getRobotRecord(queries, robot));
}

/** All tokens of the robot end, also those that another secret was the proof for. @throws RegistryError `not-found`, `denied` */
export async function revokeRobotSecret(
  change: Change,
  { robot, id }: { readonly robot: string; readonly id: number },
): Promise<void> {
  await revoke(change, await getRobotInHands(change, robot), { kind: "robot", id });
}

export interface NewPersonalToken {
  readonly user: string;
  /** One that no other of the user has. */
  readonly name: string;
  /** Empty: for all that the user may do. */
  readonly limits: readonly AccessLimit[];
  readonly expiresAtMs?: number | undefined;
}

/** A password of a user for one program. @throws RegistryError `not-found`, `bad-request`, `conflict` */
export async function createPersonalToken(
  change: Change,
  { user, ...token }: NewPersonalToken,
  random: RandomBytes,
): Promise<CreatedSecret> {
  const owner = await getUserRecord(change.queries, user);
  return create(change, owner, { ...token, kind: "personal", text: createSecretText("personal", random) });
}

/** @throws RegistryError `not-found` */
export async function listPersonalTokens(queries: Queries, user: string): Promise<readonly Secret[]> {
  return list(queries, "personal", await getUserRecord(queries, user));
}

/** All tokens of the user end, also those that the password was the proof for. @throws RegistryError `not-found` */
export async function revokePersonalToken(
  change: Change,
  { user, id }: { readonly user: string; readonly id: number },
): Promise<void> {
  await revoke(change, await getUserRecord(change.queries, user), { kind: "personal", id });
}

interface SecretToBe {
  readonly kind: SecretKind;
  readonly name: string;
  readonly limits: readonly AccessLimit[];
  readonly expiresAtMs?: number | undefined;
  readonly text: string;
}

/** Of one account and kind. */
const MOST_SECRETS = 100;

async function create(change: Change, owner: AccountRecord, toBe: SecretToBe): Promise<CreatedSecret> {
  const { queries, nowMs } = change;
  const { kind, name, limits, expiresAtMs = null, text } = toBe;
  requireSecretName(name);
  requireFuture(nowMs, expiresAtMs);
  for (const limit of limits) requireLimit(limit);
  await requireRoom(queries, owner, toBe);
  const id = await insertSecret(queries, {
    accountId: owner.id,
    kind,
    name,
    limits: limits.length === 0 ? null : JSON.stringify(limits),
    expiresAtMs,
    hash: hashOfSecret(text),
    nowMs,
  });
  const detail = { kind, name, limits, expiresAtMs: toBe.expiresAtMs };
  await change.record({ act: "secret.create", target: owner.name, detail });
  const record = await findSecret(queries, { accountId: owner.id, id });
  if (!record) throw new Error(`secret ${id} is gone within its own transaction`);
  return { secret: toSecret(record), text };
}

async function requireRoom(queries: Queries, owner: AccountRecord, { kind, name }: SecretToBe): Promise<void> {
  const present = await listSecretsOf(queries, { accountId: owner.id, kind });
  if (present.some((secret) => secret.name === name))
    throw new RegistryError("conflict", `${owner.name} has a secret ${name} already: choose another name`);
  if (present.length >= MOST_SECRETS)
    throw new RegistryError("conflict", `${owner.name} has ${MOST_SECRETS} secrets already: revoke some before`);
}

async function list(queries: Queries, kind: SecretKind, owner: AccountRecord): Promise<readonly Secret[]> {
  return (await listSecretsOf(queries, { accountId: owner.id, kind })).map(toSecret);
}

async function revoke(
  change: Change,
  owner: AccountRecord,
  { kind, id }: Pick<SecretRecord, "kind" | "id">,
): Promise<void> {
  const { queries } = change;
  const record = await findSecret(queries, { accountId: owner.id, id });
  if (record?.kind !== kind) throw new RegistryError("not-found", `${owner.name} has no secret with the id ${id}`);
  await removeSecret(queries, id);
  await raiseAccountGeneration(queries, owner.id);
  await change.record({ act: "secret.revoke", target: owner.name, detail: { kind, name: record.name } });
}

function requireSecretName(name: string): void {
  if (!/^[\w.-][\w .-]{0,63}$/.test(name) || name.endsWith(" "))
    throw new RegistryError("bad-request", "a secret's name is 1 to 64 letters, digits, spaces, '.', '_' or '-'", {
      detail: { field: "name", name: shorten(name) },
    });
}

function requireLimit({ pathPattern, actions }: AccessLimit): void {
  const unknown = actions.find((action) => !ACTIONS.includes(action));
  if (unknown !== undefined || actions.length === 0)
    throw badLimit(`the actions of a limit are some of ${ACTIONS.join(", ")}`);
  try {
    parsePathPattern(pathPattern);
  } catch (error) {
    throw badLimit((error as RangeError).message);
  }
}

function badLimit(message: string): RegistryError {
  return new RegistryError("bad-request", message, { detail: { field: "limits" } });
}

function toSecret(record: SecretRecord): Secret {
  return {
    id: record.id,
    name: record.name,
    limits: record.limits === null ? [] : (JSON.parse(record.limits) as readonly AccessLimit[]),
    createdAtMs: record.createdAtMs,
    expiresAtMs: record.expiresAtMs ?? undefined,
    lastUsedAtMs: record.lastUsedAtMs ?? undefined,
  };
}
