import { beforeEach, describe, expect, test } from "bun:test";
import type { GrantAccess } from "../../../../src/auth/index.ts";
import { ERROR_TABLE } from "../../../../src/http/error-table.ts";
import { errorAnswer } from "../../../../src/http/error-answer.ts";
import { RegistryError } from "../../../../src/oci/index.ts";
import { type Answer, createTokenDoor, type Door, respondKeySet } from "../../../../src/http/index.ts";
import { openTokens, OPTIONS, START_MS, type TokenParts } from "../../auth/tokens/token-parts.ts";
import { MapSignIn } from "./map-sign-in.ts";

const SERVICE = OPTIONS.service;
const URL_START = `https://${SERVICE}/token`;
const ID_TOKEN = "eyJ.of.job";
const EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange";
const ID_TOKEN_TYPE = "urn:ietf:params:oauth:token-type:id_token";

/** Everybody may pull from `public/…`, whoever signed in may do all but delete. */
const grantAccess: GrantAccess = (identity, wanted) =>
  wanted.flatMap((access) => {
    if (!identity && !access.name.startsWith("public/")) return [];
    const actions = access.actions.filter((action) => action === "pull" || (identity && action !== "delete"));
    return actions.length > 0 ? [{ ...access, actions }] : [];
  });

let parts: TokenParts;
let signIn: MapSignIn;
let door: Door;
beforeEach(async () => {
  parts = await openTokens();
  signIn = new MapSignIn({
    "alice:secret": { generation: 4 },
    "alice:berth_pat_x": {
      isByPassword: false,
      expiresAtMs: START_MS + 100_000,
      limits: [{ pathPattern: "team/*", actions: ["pull"] }],
    },
    [`oidc:${ID_TOKEN}`]: { isByPassword: false },
  });
  const { metadata, clock, issuer } = parts;
  const reportUnrecorded = () => undefined;
  door = createTokenDoor({ service: SERVICE, signIn, grantAccess, issuer, metadata, reportUnrecorded, clock });
});

const CLIENT = { address: "192.0.2.7", requestId: "r-1" };
const visitorOf = (request: Request) => ({
  request,
  path: "/token",
  query: new URL(request.url).searchParams,
  origin: `https://${SERVICE}`,
  from: { actor: undefined, ...CLIENT },
  introduce: () => undefined,
});

interface TokenBody {
  readonly token?: string;
  readonly access_token?: string;
  readonly refresh_token?: string;
  readonly expires_in?: number;
}

interface Seen {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly json: TokenBody;
  /** The code of the specification, of an error. */
  readonly code?: string;
}

async function ask(request: Request): Promise<Seen> {
  try {
    const answer = await door.respond(visitorOf(request));
    return { ...answer, json: jsonOf(answer) as TokenBody };
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error;
    const { code } = ERROR_TABLE[error.kind];
    const context = { requestId: "r-1", challenge: () => "", allow: "" };
    const { status, headers } = door.answerError?.(error, context) ?? errorAnswer(error, context);
    return { status, code, headers, json: {} };
  }
}

function jsonOf({ body }: Answer): unknown {
  return typeof body === "string" ? JSON.parse(body) : undefined;
}

const basic = (username: string, password: string) => ({
  Authorization: `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`,
});
const ALICE = basic("alice", "secret");

const get = (query: string, headers: Record<string, string> = {}) =>
  ask(new Request(`${URL_START}?${query}`, { headers }));

const post = (fields: Record<string, string> | string, headers: Record<string, string> = {}) =>
  ask(
    new Request(URL_START, {
      method: "POST",
      headers: { "Content-Type": "application/x-www-form-urlencoded", ...headers },
      body: new URLSearchParams(fields).toString(),
    }),
  );

const granted = async ({ json }: Seen) => {
  const { subject, access } = await parts.verifier.verify(json.token ?? "");
  return { subject, scopes: access.map(({ type, name, actions }) => `${type}:${name}:${actions.join(",")}`) };
};

const acts = () =>
  parts.metadata.reads
    .selectFrom("audit")
    .select(["act", "outcome", "actor", "address", "request_id as requestId", "detail"])
    .execute();

describe("GET", () => {
  test("gives what may be had of what is wanted, in the form that all clients read", async () => {
    const answer = await get(`service=${SERVICE}&scope=repository:team/app:pull,push,delete&account=alice`, ALICE);
    expect(answer).toMatchObject({
      status: 200,
      headers: { "Content-Type": "application/json", "Cache-Control": "no-store" },
    });
    const body: unknown = answer.json;
    expect(body).toEqual({
      token: expect.any(String),
      access_token: answer.json.token,
      expires_in: 900,
      issued_at: "2026-08-23T12:00:00Z",
    });
    expect(await granted(answer)).toEqual({ subject: "alice", scopes: ["repository:team/app:pull,push"] });
    expect(await parts.verifier.verify(answer.json.token ?? "")).toMatchObject({ generation: 4 });
  });

  test.each([
    ["repeated", "scope=repository:a:pull&scope=repository:b:pull,push"],
    ["with spaces between them", "scope=repository:a:pull+repository:b:pull,push"],
    ["encoded", "scope=repository%3Aa%3Apull%20repository%3Ab%3Apull%2Cpush"],
    [
      "with one said twice, as docker 28 does",
      "scope=repository:a:pull&scope=repository:b:pull+repository:b:pull,push",
    ],
  ])("takes scopes %s", async (_, query) => {
    const answer = await get(`service=${SERVICE}&${query}`, ALICE);
    expect(await granted(answer)).toEqual({
      subject: "alice",
      scopes: ["repository:a:pull", "repository:b:pull,push"],
    });
  });

  test("without credentials gives what is public, also if that is nothing", async () => {
    const answer = await get(`service=${SERVICE}&scope=repository:public/x:pull,push&scope=repository:team/x:pull`);
    expect(await granted(answer)).toEqual({ subject: "", scopes: ["repository:public/x:pull"] });
    expect(await granted(await get("scope=repository:team/x:pull&offline_token=true"))).toEqual({
      subject: "",
      scopes: [],
    });
    expect(await acts()).toEqual([]);
  });

  test("without a scope finds out whether a login is right, as docker login does", async () => {
    const query = `account=alice&client_id=docker&offline_token=true&service=${SERVICE}`;
    const answer = await get(query, ALICE);
    expect(answer.json).toMatchObject({ refresh_token: "berth_refresh_1" });
    expect(await granted(answer)).toEqual({ subject: "alice", scopes: [] });
    expect(await get(query, basic("alice", "wrong"))).toMatchObject({
      status: 401,
      headers: { "WWW-Authenticate": `Basic realm="${SERVICE}"` },
      code: "UNAUTHORIZED",
    });
  });

  test("that is wrong is never taken for nobody's", async () => {
    for (const Authorization of ["Basic !!!", "Basic Og==", "Bearer x", ""])
      expect(await get(`service=${SERVICE}`, { Authorization })).toMatchObject({
        status: 401,
        headers: { "WWW-Authenticate": `Basic realm="${SERVICE}"` },
      });
  });

  test("of an account other than the one that signs in is refused", async () => {
    expect(await get("account=root", ALICE)).toMatchObject({
      status: 400,
      code: "BAD_REQUEST",
    });
    expect(await get("account=", ALICE)).toMatchObject({ status: 200 });
  });

  test.each([
    "service=other.example",
    `service=${SERVICE}&service=other.example`,
    "scope=repository:../x:pull",
    "scope=repository:Team/x:pull",
    "scope=repository:*:pull",
    "scope=nonsense",
    `scope=${"repository:a:pull+".repeat(300)}`,
  ])("with %s is a bad request", async (query) => expect(await get(query, ALICE)).toMatchObject({ status: 400 }));

  test("while locked out says how long", async () => {
    expect(await get("", basic("locked", "x"))).toMatchObject({
      status: 429,
      headers: { "Retry-After": "37" },
      code: "TOOMANYREQUESTS",
    });
  });

  test("with a secret that ends soon gives a token that ends with it, and no refresh token", async () => {
    const answer = await get("scope=repository:team/x:pull&offline_token=true", basic("alice", "berth_pat_x"));
    expect(answer.json).toMatchObject({ expires_in: 100 });
    expect(answer.json).not.toHaveProperty("refresh_token");
    expect(await parts.verifier.verify(answer.json.token ?? "")).toMatchObject({
      limits: [{ pathPattern: "team/*", actions: ["pull"] }],
    });
  });

  test("is in the audit trail with what was given, and says where it came from", async () => {
    await get("client_id=docker&scope=repository:team/app:pull,delete", ALICE);
    expect(await acts()).toEqual([
      {
        act: "token.issue",
        outcome: "success",
        actor: "alice",
        ...CLIENT,
        detail: JSON.stringify({ scopes: ["repository:team/app:pull"], client: "docker" }),
      },
    ]);
    expect(signIn.origins).toEqual([{ actor: undefined, ...CLIENT }]);
    await get("", basic("alice", "wrong"));
    expect(await acts()).toHaveLength(1);
  });
});

describe("POST", () => {
  test("with a password gives a token, as ctr asks", async () => {
    const answer = await post({
      grant_type: "password",
      client_id: "containerd-client",
      service: SERVICE,
      scope: "repository:team/app:pull repository:team/app:pull,push repository:b:pull",
      username: "alice",
      password: "secret",
    });
    expect(answer).toMatchObject({ status: 200, headers: { "Cache-Control": "no-store" } });
    expect(answer.json).toMatchObject({
      token: answer.json.access_token ?? "",
      token_type: "Bearer",
      scope: "repository:team/app:pull,push repository:b:pull",
    });
    expect(answer.json).not.toHaveProperty("refresh_token");
    expect(await granted(answer)).toEqual({
      subject: "alice",
      scopes: ["repository:team/app:pull,push", "repository:b:pull"],
    });
  });

  test("goes on with the refresh token of a login, as docker does", async () => {
    const login = await get(`account=alice&client_id=docker&offline_token=true&service=${SERVICE}`, ALICE);
    const refresh = {
      grant_type: "refresh_token",
      client_id: "docker",
      service: SERVICE,
      refresh_token: login.json.refresh_token ?? "",
    };
    const answer = await post({ ...refresh, scope: "repository:a:pull repository:a:pull,push" });
    expect(await granted(answer)).toEqual({ subject: "alice", scopes: ["repository:a:pull,push"] });
    expect(answer.json).not.toHaveProperty("refresh_token");
    const offline = await post({ ...refresh, access_type: "offline" });
    expect(offline.json).toMatchObject({ refresh_token: refresh.refresh_token });
    expect(await post({ ...refresh, refresh_token: "berth_refresh_9" })).toMatchObject({
      status: 401,
      headers: { "WWW-Authenticate": `Basic realm="${SERVICE}"` },
    });
  });

  test("with a password gives a refresh token to who wants one", async () => {
    const answer = await post({
      grant_type: "password",
      username: "alice",
      password: "secret",
      access_type: "offline",
    });
    expect(answer.json).toMatchObject({ refresh_token: "berth_refresh_1" });
    expect(signIn.origins.at(-1)).toEqual({ actor: "alice", ...CLIENT });
  });

  test("changes the ID token of a job for a token", async () => {
    const exchange = { grant_type: EXCHANGE, subject_token: ID_TOKEN, subject_token_type: ID_TOKEN_TYPE };
    const answer = await post({ ...exchange, audience: SERVICE, scope: "repository:a:pull", access_type: "offline" });
    expect(answer.json).toMatchObject({
      issued_token_type: "urn:ietf:params:oauth:token-type:access_token",
      token_type: "Bearer",
      scope: "repository:a:pull",
    });
    expect(answer.json).not.toHaveProperty("refresh_token");
    expect(await granted(answer)).toEqual({ subject: "oidc", scopes: ["repository:a:pull"] });
    expect(await post({ ...exchange, subject_token_type: "urn:ietf:params:oauth:token-type:jwt" })).toMatchObject({
      status: 200,
    });
    expect(await post({ ...exchange, subject_token: "eyJ.of.another" })).toMatchObject({ status: 401 });
    for (const wrong of [
      { audience: "other.example" },
      { subject_token_type: "urn:ietf:params:oauth:token-type:access_token" },
      { subject_token_type: "" },
      { requested_token_type: "urn:ietf:params:oauth:token-type:refresh_token" },
      { actor_token: "x" },
      { subject_token: "" },
    ])
      expect(await post({ ...exchange, ...wrong })).toMatchObject({ status: 400 });
  });

  test.each([
    ["no grant type", "username=alice&password=secret"],
    ["an unknown grant type", "grant_type=authorization_code&code=x"],
    ["no password", "grant_type=password&username=alice"],
    ["no user name", "grant_type=password&password=secret"],
    ["no refresh token", "grant_type=refresh_token"],
    ["two grant types", "grant_type=password&grant_type=refresh_token&username=alice&password=secret"],
    ["another service", "grant_type=password&username=alice&password=secret&service=other"],
    ["a malformed scope", "grant_type=password&username=alice&password=secret&scope=repository:A:pull"],
  ])("with %s is a bad request", async (_, fields) => expect(await post(fields)).toMatchObject({ status: 400 }));

  test("must be a form", async () => {
    const body = JSON.stringify({ grant_type: "password", username: "alice", password: "secret" });
    for (const type of ["application/json", "multipart/form-data; boundary=x", ""])
      expect(await post(body, { "Content-Type": type })).toMatchObject({ status: 400 });
    const fields = { grant_type: "password", username: "alice", password: "secret" };
    const type = "Application/x-www-form-urlencoded; charset=UTF-8";
    expect(await post(fields, { "Content-Type": type })).toMatchObject({ status: 200 });
  });

  test("may not be long, whether it says so or not", async () => {
    const fields = `grant_type=password&username=alice&password=secret&more=${"x".repeat(64 * 1024)}`;
    expect(await post(fields)).toMatchObject({ status: 400 });
    const pieces = new ReadableStream({
      start(controller) {
        controller.enqueue(new TextEncoder().encode(fields));
        controller.close();
      },
    });
    const headers = { "Content-Type": "application/x-www-form-urlencoded" };
    expect(await ask(new Request(URL_START, { method: "POST", headers, body: pieces }))).toMatchObject({ status: 400 });
  });
});

test.each(["PUT", "DELETE", "HEAD", "PATCH"])("%s is not possible", async (method) => {
  const thrown = await Promise.resolve(door.respond(visitorOf(new Request(URL_START, { method })))).catch(
    (error: unknown) => error,
  );
  expect(thrown).toMatchObject({ kind: "method-not-allowed", headers: { Allow: "GET, POST" } });
});

test("the keys are published, and nothing of them that is secret", async () => {
  const answer = await respondKeySet(parts.keys, new Request("http://a/token/jwks"));
  expect(answer).toMatchObject({ status: 200, headers: { "Cache-Control": "public, max-age=3600" } });
  expect(jsonOf(answer)).toEqual({
    keys: [
      {
        kty: "EC",
        crv: "P-256",
        alg: "ES256",
        use: "sig",
        kid: expect.any(String),
        x: expect.any(String),
        y: expect.any(String),
      },
    ],
  });
});
