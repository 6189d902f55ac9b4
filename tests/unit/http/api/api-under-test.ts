import { expect } from "bun:test";
import { randomBytes } from "node:crypto";
import { z } from "zod";
import { type AccessLimit, AccessDirectory, askerOf, createAccounts } from "../../../../src/access/index.ts";
import type { ApiCaller } from "../../../../src/http/api/api-caller.ts";
import type { ApiVisitor } from "../../../../src/http/api/api-parts.ts";
import { createApi } from "../../../../src/http/api/create-api.ts";
import { createFindRoute } from "../../../../src/http/api/find-route.ts";
import { problemAnswer } from "../../../../src/http/api/problem.ts";
import { ROUTES } from "../../../../src/http/api/routes.ts";
import { asRegistryError } from "../../../../src/http/error-answer.ts";
import {
  ensureRepository,
  insertAccount,
  insertGrant,
  insertGroup,
  type MetadataDatabase,
  type NewAccount,
  openSqlite,
  putGroupMember,
  putRole,
  putVisibility,
  type Queries,
  type RoleRecord,
} from "../../../../src/metadata/index.ts";
import type { JobOffer } from "../../../../src/jobs/index.ts";
import { RegistryError, type RepositoryName } from "../../../../src/oci/index.ts";
import { QuotaRefusals, type RegistryOptions } from "../../../../src/registry/index.ts";
import { newAccount } from "../../../support/new-account.ts";

const BASE = "/api/v1";

export interface Asked {
  readonly status: number;
  readonly headers: Headers;
  // oxlint-disable-next-line typescript/no-explicit-any -- a test says what is in it
  readonly json: any;
}

/** Path and query of the next page, as `ask` takes them; `undefined` on the last. */
export function nextOf({ headers }: Pick<Asked, "headers">): string | undefined {
  return /^<\/api\/v1(.+)>; rel="next"$/.exec(headers.get("link") ?? "")?.[1];
}

export interface AskOptions {
  /** Sent as JSON, unless it is a text. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** What the caller came with. */
  readonly caller?: Partial<ApiCaller>;
  /** Of the personal token that they came with; empty: it was a password. */
  readonly limits?: readonly AccessLimit[];
}

/** The management API over a database in memory, for callers of whom a test says who they are. */
export interface ApiUnderTest {
  readonly metadata: MetadataDatabase;
  readonly clock: { atMs: number };
  /** @param asked method and path below the API's own, such as `GET /namespaces` @param who a name; `""` is nobody */
  ask(who: string, asked: string, options?: AskOptions): Promise<Asked>;
  /** The same, for what is no JSON. */
  text(who: string, asked: string, options?: AskOptions): Promise<string>;
  /** The same over HTTP, to callers who send a user name and any password but `wrong`. */
  serve(): { readonly url: string; stop(): Promise<void> };
  /** What changes of content are held to; a test may set it. */
  readonly registryOptions: { readOnly: boolean };
  /** Makes rows as they are when a test begins. */
  given(work: (rows: Rows) => Promise<void>): Promise<void>;
  listActs(): Promise<readonly { act: string; actor: string | null; target: string | null; detail: unknown }[]>;
  /** How often somebody was told that there may be something to do. */
  looks(): number;
  readonly quotaRefusals: QuotaRefusals;
  /** Kinds of jobs that ended before anybody began them. */
  readonly cancelled: readonly string[];
  close(): Promise<void>;
}

const input = z.strictObject({ windowSeconds: z.int().optional() });

/** What can be asked for. */
const OFFERS: readonly JobOffer[] = [
  { kind: { name: "gc", about: "Removes.", input, openKey: () => "", maxAttempts: 2 }, refusal: undefined },
  { kind: { name: "frozen", about: "Nothing.", input, maxAttempts: 2 }, refusal: "the registry is in read-only mode" },
];

export async function openApi(): Promise<ApiUnderTest> {
  const metadata = await openSqlite(":memory:");
  const time = { atMs: Date.parse("2026-01-01T00:00:00Z") };
  const clock = { nowMs: () => time.atMs };
  const directory = new AccessDirectory({ metadata, clock });
  let come: Partial<ApiCaller> = {};
  let limits: readonly AccessLimit[] = [];
  let looks = 0;
  const cancelled: string[] = [];
  const quotaRefusals = new QuotaRefusals();

  const registryOptions: Omit<RegistryOptions, "readOnly"> & { readOnly: boolean } = {
    readOnly: false,
    deleteEnabled: true,
    isAudited: true,
    binKeepMs: 86_400_000,
    garbageWindowMs: 86_400_000,
    inUseKeepMs: 7 * 86_400_000,
    maxBlobBytes: 0,
    validation: { enabled: true, allowedUrls: [], deniedUrls: [], requiredPlatforms: "all" },
  };

  async function authenticate({ request }: ApiVisitor): Promise<ApiCaller> {
    const view = await directory.now();
    const name = request.headers.get("authorization") ?? "";
    if (name === "wrong") throw new RegistryError("login-failed", "the user name or the password is wrong");
    const account = name === "" ? undefined : await view.findAccount(name);
    const principal = account
      ? ({ kind: account.kind, name, source: account.source, account } as const)
      : ({ kind: "anonymous" } as const);
    const caller = view.callerOf({ principal, limits });
    return {
      account,
      asker: askerOf(principal),
      by: { actor: account?.name, address: "192.0.2.1", requestId: "request-1" },
      isLimited: limits.length > 0,
      isBySession: false,
      isByPassword: limits.length === 0,
      may: (action, path, tags) => caller.refusalOf({ action, path, ...tags }) === undefined,
      maySee: (path) => caller.maySee(path),
      ...come,
    };
  }

  const api = createApi({
    base: BASE,
    metadata,
    clock,
    accounts: createAccounts({ metadata, clock, random: (count) => randomBytes(count) }),
    rules: async () => (await directory.now()).rules,
    authenticate,
    jobs: { offers: OFFERS, lookNow: () => void (looks += 1), noteCancelled: (kind) => void cancelled.push(kind) },
    registryOptions,
    quotaRefusals,
    service: { version: "1.2.3", signIn: [{ kind: "password", source: "local", title: "Password" }] },
  });

  async function send(
    who: string,
    asked: string,
    { body, headers = {}, caller = {}, limits: given = [] }: AskOptions = {},
  ): Promise<Response> {
    const [method = "", path = ""] = asked.split(" ");
    come = caller;
    limits = given;
    const request = new Request(`http://registry.example${BASE}${path}`, {
      method,
      headers: {
        ...(who !== "" && { authorization: who }),
        ...(body !== undefined && { "content-type": "application/json" }),
        ...headers,
      },
      body: body === undefined ? null : typeof body === "string" ? body : JSON.stringify(body),
    });
    return answer(request);
  }

  async function answer(request: Request): Promise<Response> {
    const { status, headers, body } = await api({ ...VISITOR, request }).catch((error: unknown) =>
      problemAnswer(asRegistryError(error), {
        requestId: "request-1",
        challenge: () => 'Basic realm="test"',
        allow: "",
      }),
    );
    // As the edge does.
    const sent = request.method === "HEAD" ? null : body;
    return new Response(sent as Blob | null, { status, headers });
  }

  return {
    metadata,
    clock: time,
    async ask(who, asked, options) {
      const response = await send(who, asked, options);
      const text = await response.text();
      if (response.ok) expectAsDescribed(asked, jsonOf(text));
      return { status: response.status, headers: response.headers, json: jsonOf(text) };
    },
    text: async (who, asked, options) => (await send(who, asked, options)).text(),
    serve() {
      const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: (request) => answer(withName(request)) });
      return { url: `http://127.0.0.1:${server.port}`, stop: () => server.stop(true) };
    },
    registryOptions,
    given: (work) => metadata.transaction((queries) => work(new Rows(queries, time.atMs))),
    async listActs() {
      const rows = await metadata.reads.selectFrom("audit").selectAll().orderBy("sequence").execute();
      return rows.map(({ act, actor, target, detail }) => ({
        act,
        actor,
        target,
        detail: JSON.parse(detail ?? "null"),
      }));
    },
    looks: () => looks,
    quotaRefusals,
    cancelled,
    close: () => metadata.close(),
  };
}

const VISITOR = {
  from: { actor: undefined, address: "192.0.2.1", requestId: "request-1" },
  origin: "http://registry.test",
  introduce: () => undefined,
};

/** The caller's name in the place of what they sent. */
function withName(request: Request): Request {
  const [name = "", password] = atob(request.headers.get("authorization")?.slice("Basic ".length) ?? "").split(":");
  request.headers.set("authorization", password === "wrong" ? "wrong" : name);
  return request;
}

const findRoute = createFindRoute(ROUTES);

/** Every answer is as the schema of its route says, with nothing beside it. */
function expectAsDescribed(asked: string, json: unknown): void {
  const [method = "", target = ""] = asked.split(" ");
  const { route } = findRoute(method, target.replace(/\?.*$/, ""));
  if (method === "HEAD" || !route.response) expect(json).toBeUndefined();
  else if (route.mediaType === undefined) expect(route.response.parse(json)).toEqual(json);
}

function jsonOf(text: string): unknown {
  if (text === "") return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** What is there when a test begins. */
export class Rows {
  readonly #queries: Queries;
  readonly #nowMs: number;

  constructor(queries: Queries, nowMs: number) {
    this.#queries = queries;
    this.#nowMs = nowMs;
  }

  account(name: string, more: Partial<NewAccount> = {}): Promise<number> {
    return insertAccount(this.#queries, newAccount(name, { nowMs: this.#nowMs, ...more }));
  }

  async group(name: string, members: readonly number[] = []): Promise<number> {
    const groupId = await insertGroup(this.#queries, { name, description: null, nowMs: this.#nowMs });
    for (const accountId of members) await putGroupMember(this.#queries, { groupId, accountId, source: "local" });
    return groupId;
  }

  async role(path: string, id: number | string, role: RoleRecord["role"]): Promise<void> {
    const subject = typeof id === "number" ? `account:${id}` : id;
    await putRole(this.#queries, { path, subject, role, nowMs: this.#nowMs });
  }

  /** @param more what it is for; absent: to pull every tag */
  async grant(
    account: number,
    pathPattern: string,
    more: { readonly tagPattern?: string; readonly actions?: readonly string[] } = {},
  ): Promise<void> {
    const ends = { expiresAtMs: null, createdAtMs: this.#nowMs };
    const grant = { subject: `account:${account}`, pathPattern, tagPattern: null, actions: ["pull"], ...more, ...ends };
    await insertGrant(this.#queries, grant);
  }

  async visibility(path: string, visibility: "public" | "internal" | "private"): Promise<void> {
    await putVisibility(this.#queries, { path, visibility, nowMs: this.#nowMs });
  }

  async repositories(...names: readonly string[]): Promise<void> {
    for (const name of names) await ensureRepository(this.#queries, name as RepositoryName, this.#nowMs);
    // As if something had been pushed.
    await this.#queries.updateTable("repositories").set({ is_empty: 0 }).execute();
  }
}
