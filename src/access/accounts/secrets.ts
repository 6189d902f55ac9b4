import {
  type AccountRecord,
  type ActOrigin,
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
import type { AccessLimit } from "../rules/access-limit.ts";
import { parsePathPattern } from "../rules/path-pattern.ts";
import { ACTIONS } from "../rules/roles.ts";
import { type Accounts, recordDeed } from "./accounts.ts";
import { getRobotRecord, requireFuture } from "./robots.ts";
import { hashOfSecret } from "../hash-of-secret.ts";
import { createSecretText } from "./secret-text.ts";
import { getUserRecord } from "./users.ts";

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

/** A robot may have several at once, so that one can be changed for another. @throws RegistryError `not-found`, `bad-request`, `conflict` */
export function createRobotSecret(
  accounts: Accounts,
  { robot, ...secret }: NewRobotSecret,
  by: ActOrigin,
): Promise<CreatedSecret> {
  const find = (queries: Queries) => getRobotRecord(queries, robot);
  return create(accounts, { kind: "robot", limits: [], ...secret, find }, by);
}

/** @throws RegistryError `not-found` */
export async function listRobotSecrets(accounts: Accounts, robot: string): Promise<readonly Secret[]> {
  return list(accounts, "robot", await getRobotRecord(accounts.metadata.reads, robot));
}

/** All tokens of the robot end, also those that another secret was the proof for. @throws RegistryError `not-found` */
export async function revokeRobotSecret(
  accounts: Accounts,
  { robot, id }: { readonly robot: string; readonly id: number },
  by: ActOrigin,
): Promise<void> {
  await revoke(accounts, { kind: "robot", id, find: (queries) => getRobotRecord(queries, robot) }, by);
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
export function createPersonalToken(
  accounts: Accounts,
  { user, ...token }: NewPersonalToken,
  by: ActOrigin,
): Promise<CreatedSecret> {
  return create(accounts, { kind: "personal", ...token, find: (queries) => getUserRecord(queries, user) }, by);
}

/** @throws RegistryError `not-found` */
export async function listPersonalTokens(accounts: Accounts, user: string): Promise<readonly Secret[]> {
  return list(accounts, "personal", await getUserRecord(accounts.metadata.reads, user));
}

/** All tokens of the user end, also those that the password was the proof for. @throws RegistryError `not-found` */
export async function revokePersonalToken(
  accounts: Accounts,
  { user, id }: { readonly user: string; readonly id: number },
  by: ActOrigin,
): Promise<void> {
  await revoke(accounts, { kind: "personal", id, find: (queries) => getUserRecord(queries, user) }, by);
}

type FindOwner = (queries: Queries) => Promise<AccountRecord>;

interface SecretToBe {
  readonly kind: SecretKind;
  readonly name: string;
  readonly limits: readonly AccessLimit[];
  readonly expiresAtMs?: number | undefined;
  readonly find: FindOwner;
}

/** Of one account and kind. */
const MOST_SECRETS = 100;

async function create(accounts: Accounts, toBe: SecretToBe, by: ActOrigin): Promise<CreatedSecret> {
  const { kind, name, limits, expiresAtMs, find } = toBe;
  requireSecretName(name);
  requireFuture(accounts, expiresAtMs);
  for (const limit of limits) requireLimit(limit);
  const { metadata, clock, random } = accounts;
  const text = createSecretText(kind, random);
  return metadata.transaction(async (queries) => {
    const owner = await find(queries);
    await requireRoom(queries, owner, toBe);
    const id = await insertSecret(queries, {
      accountId: owner.id,
      kind,
      name,
      limits: limits.length === 0 ? null : JSON.stringify(limits),
      expiresAtMs: expiresAtMs ?? null,
      hash: hashOfSecret(text),
      nowMs: clock.nowMs(),
    });
    const detail = { kind, name, limits, expiresAtMs };
    await recordDeed(queries, accounts, { ...by, act: "secret.create", target: owner.name, detail });
    const record = await findSecret(queries, { accountId: owner.id, id });
    if (!record) throw new Error(`secret ${id} is gone within its own transaction`);
    return { secret: toSecret(record), text };
  });
}

async function requireRoom(queries: Queries, owner: AccountRecord, { kind, name }: SecretToBe): Promise<void> {
  const present = await listSecretsOf(queries, { accountId: owner.id, kind });
  if (present.some((secret) => secret.name === name))
    throw new RegistryError("conflict", `${owner.name} has a secret ${name} already: choose another name`);
  if (present.length >= MOST_SECRETS)
    throw new RegistryError("conflict", `${owner.name} has ${MOST_SECRETS} secrets already: revoke some before`);
}

async function list(accounts: Accounts, kind: SecretKind, owner: AccountRecord): Promise<readonly Secret[]> {
  const records = await listSecretsOf(accounts.metadata.reads, { accountId: owner.id, kind });
  return records.map(toSecret);
}

interface Revocation {
  readonly kind: SecretKind;
  readonly id: number;
  readonly find: FindOwner;
}

async function revoke(accounts: Accounts, { kind, id, find }: Revocation, by: ActOrigin): Promise<void> {
  await accounts.metadata.transaction(async (queries) => {
    const owner = await find(queries);
    const record = await findSecret(queries, { accountId: owner.id, id });
    if (record?.kind !== kind) throw new RegistryError("not-found", `${owner.name} has no secret with the id ${id}`);
    await removeSecret(queries, id);
    await raiseAccountGeneration(queries, owner.id);
    const detail = { kind, name: record.name };
    await recordDeed(queries, accounts, { ...by, act: "secret.revoke", target: owner.name, detail });
  });
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
