import { afterAll, beforeAll } from "bun:test";
import { randomBytes, randomUUID } from "node:crypto";
import { join } from "node:path";

import { SignJWT } from "jose";

import { type Account, type Accounts, createAccounts, findAccount } from "../../../src/access/index.ts";
import { createUser } from "../../support/change-accounts.ts";
import { Seal } from "../../../src/auth/index.ts";
import { SigningKeys } from "../../../src/auth/tokens/signing-keys.ts";
import {
  type ActRecord,
  insertGrant,
  listActs,
  type MetadataDatabase,
  openSqlite,
  putRole,
  putVisibility,
  type RoleRecord,
} from "../../../src/metadata/index.ts";
import { systemClock } from "../../../src/runtime/index.ts";
import { startBerth } from "../../support/berth.ts";
import { type Answer, HttpClient } from "../../support/http-client.ts";
import { nobody } from "../../support/nobody.ts";
import { requireStatus } from "../../support/push-content.ts";
import type { RegistryConfig, RunningRegistry } from "../../support/registry-process.ts";
import { patientMs } from "../../support/patience.ts";

/** Of every user that a test makes. */
export const PASSWORD = "Correct-Horse-9";

/** Least work, so that sign-ins take no time. */
const CHEAP = { hashCost: { memoryKib: 8, passes: 1 } };
/** A running registry looks after this many milliseconds at the latest whether another process has changed something. */
const SEEN_WITHIN_MS = 30;

const SECRET = "of-the-tests-0123456789-0123456789";

export interface Credentials {
  readonly name: string;
  readonly password?: string;
}

export interface NewGrant {
  readonly subject: string;
  readonly paths: string;
  readonly tags?: string;
  readonly actions: readonly string[];
  readonly expiresAtMs?: number;
}

type Claims = Readonly<Record<string, unknown>>;

/** A running registry with accounts, and its database opened beside it to make who may do what. */
export class Guarded {
  readonly berth: RunningRegistry;
  readonly metadata: MetadataDatabase;
  readonly accounts: Accounts;

  static async start(config: RegistryConfig = {}): Promise<Guarded> {
    const { http, ...more } = config;
    const auth = { accounts: {} };
    const berth = await startBerth({ config: { auth, ...more, http: { secret: SECRET, ...(http as object) } } });
    const metadata = await openSqlite(join(berth.dataDirectory, "berth/berth.db"));
    return new Guarded(berth, metadata);
  }

  private constructor(berth: RunningRegistry, metadata: MetadataDatabase) {
    this.berth = berth;
    this.metadata = metadata;
    this.accounts = createAccounts({ metadata, clock: systemClock, random: randomBytes, options: CHEAP });
  }

  async stop(): Promise<void> {
    await this.metadata.close();
    await this.berth.stop();
  }

  /** Does something beside the registry, and waits until that sees it. */
  async change<T>(work: (accounts: Accounts) => Promise<T>): Promise<T> {
    const done = await work(this.accounts);
    await Bun.sleep(patientMs(SEEN_WITHIN_MS));
    return done;
  }

  /** Makes a user, with a role on a path if one is said, and gives the subject of rules about it. */
  async user(name: string, role?: RoleRecord["role"], path = ""): Promise<string> {
    await createUser(this.accounts, { name, password: PASSWORD, mustChangePassword: false }, nobody);
    const subject = `account:${(await this.account(name)).id}`;
    if (role !== undefined) await this.give(path, subject, role);
    return subject;
  }

  async account(name: string): Promise<Account> {
    const account = await findAccount(this.metadata.reads, name);
    if (!account) throw new Error(`there is no account ${name}`);
    return account;
  }

  async give(path: string, subject: string, role: RoleRecord["role"]): Promise<void> {
    await this.change(() =>
      this.metadata.transaction((queries) => putRole(queries, { path, subject, role, nowMs: 1 })),
    );
  }

  async grant({ subject, paths, tags, actions, expiresAtMs }: NewGrant): Promise<void> {
    const grant = { subject, pathPattern: paths, tagPattern: tags ?? null, actions, createdAtMs: 1 };
    const record = { ...grant, expiresAtMs: expiresAtMs ?? null };
    await this.change(() => this.metadata.transaction((queries) => insertGrant(queries, record)));
  }

  async show(path: string, visibility: "public" | "internal" | "private"): Promise<void> {
    await this.change(() =>
      this.metadata.transaction((queries) => putVisibility(queries, { path, visibility, nowMs: 1 })),
    );
  }

  /** Somebody who sends these headers with each request, and no credentials. */
  anonymous(headers: Readonly<Record<string, string>> = {}): HttpClient {
    return new HttpClient(this.berth.url, headers);
  }

  /** Somebody who sends a password, or a secret in its place. */
  as(name: string, password = PASSWORD, headers: Readonly<Record<string, string>> = {}): HttpClient {
    return this.anonymous({ ...headers, authorization: basic({ name, password }) });
  }

  bearer(token: string): HttpClient {
    return this.anonymous({ authorization: `Bearer ${token}` });
  }

  /** Asks for a token as docker does. */
  askToken(scopes: readonly string[], who?: Credentials): Promise<Answer> {
    const query = new URLSearchParams({ service: "berth" });
    for (const scope of scopes) query.append("scope", scope);
    return this.anonymous(who && { authorization: basic(who) }).get(`/token?${query.toString()}`);
  }

  /** A token for these scopes. @throws unless one is given */
  async token(scopes: readonly string[], who?: Credentials): Promise<string> {
    const answer = await this.askToken(scopes, who);
    requireStatus(answer, 200);
    return (answer.json() as { token: string }).token;
  }

  /** Asks for a token by a form. */
  postToken(fields: Readonly<Record<string, string>>, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    const body = new URLSearchParams({ service: "berth", client_id: "test", ...fields }).toString();
    const form = { "content-type": "application/x-www-form-urlencoded" };
    return this.anonymous(headers).post("/token", { body, headers: form });
  }

  /** The keys that the registry signs with, opened with its secret. */
  keys(): Promise<SigningKeys> {
    const seal = new Seal(SECRET, "token keys", randomBytes);
    const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
    return SigningKeys.open({ metadata: this.metadata, seal, algorithm: "ES256", clock: systemClock, log });
  }

  /** A token that is really signed by the registry's key, but for what the claims and the header say. */
  async forge(name: string, claims: Claims = {}, header: Claims = {}): Promise<string> {
    const key = await (await this.keys()).keyForSigning();
    const standard = claimsOf(await this.account(name));
    return new SignJWT({ ...standard, ...claims })
      .setProtectedHeader({ typ: "JWT", alg: key.algorithm, kid: key.id, ...header })
      .sign(key.privateKey);
  }

  /** What is in the audit trail, the oldest first. */
  async acts(act?: string): Promise<readonly ActRecord[]> {
    const all = await listActs(this.metadata.reads, { limit: 1000 });
    return all.filter((record) => act === undefined || record.act === act).toSorted((a, b) => a.sequence - b.sequence);
  }
}

/** What a good token of the account says, for everything in `team/app`. */
export function claimsOf({ name, generation }: Pick<Account, "name" | "generation">): Claims {
  const iat = Math.floor(Date.now() / 1000);
  return {
    iss: "berth",
    aud: "berth",
    sub: name,
    iat,
    nbf: iat,
    exp: iat + 300,
    jti: randomUUID(),
    gen: generation,
    access: [{ type: "repository", name: "team/app", actions: ["pull", "push", "delete"] }],
  };
}

export function basic({ name, password = PASSWORD }: Credentials): string {
  return `Basic ${Buffer.from(`${name}:${password}`).toString("base64")}`;
}

/** Starts a registry with accounts for the tests around. @returns a function, for inside tests, that gives it */
export function guardedWith(
  fill: (guarded: Guarded) => Promise<unknown> = () => Promise.resolve(),
  config: RegistryConfig = {},
): () => Guarded {
  let guarded: Guarded | undefined;
  beforeAll(async () => {
    guarded = await Guarded.start(config);
    await fill(guarded);
  });
  afterAll(() => guarded?.stop());
  return () => {
    if (guarded === undefined) throw new Error("the registry is not started yet: ask for it inside a test");
    return guarded;
  };
}
