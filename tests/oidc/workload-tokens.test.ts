import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { generateKeyPair, type JWTPayload, SignJWT, UnsecuredJWT } from "jose";
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createWorkloadTokens } from "../../src/auth/oidc/create-workload-tokens.ts";
import type { WorkloadIssuerOptions } from "../../src/auth/oidc/options.ts";
import { type MetadataDatabase, openSqlite } from "../../src/metadata/index.ts";
import { makeTemporaryFolder } from "../support/temporary-folder.ts";
import { addAccount } from "./support/account-rows.ts";
import { keepLog } from "./support/log-lines.ts";
import { refusalOf } from "./support/refusal.ts";
import { TokenIssuer } from "./support/token-issuer.ts";

const HOUR_MS = 3_600_000;
const AUDIENCE = "https://registry.example";

/** As GitHub Actions has them. */
const GITHUB: JWTPayload = {
  aud: AUDIENCE,
  sub: "repo:octo-org/octo-repo:ref:refs/heads/main",
  repository: "octo-org/octo-repo",
  repository_id: "74",
  repository_visibility: "private",
  ref: "refs/heads/main",
  ref_protected: "true",
  workflow_ref: "octo-org/octo-repo/.github/workflows/build.yml@refs/heads/main",
  run_number: 10,
};

/** As Kubernetes has them. */
const KUBERNETES: JWTPayload = {
  aud: [AUDIENCE, "https://kubernetes.default.svc"],
  sub: "system:serviceaccount:build:pusher",
  "kubernetes.io": {
    namespace: "build",
    pod: { name: "pusher-1", uid: "1" },
    serviceaccount: { name: "pusher", uid: "2" },
  },
};

let database: MetadataDatabase;
let issuer: TokenIssuer;
const clock = { atMs: 1_800_000_000_000, nowMs: () => clock.atMs };
const log = keepLog();

beforeAll(async () => {
  issuer = await TokenIssuer.start(clock.nowMs);
});
afterAll(() => issuer.stop());

beforeEach(async () => {
  database = await openSqlite(":memory:");
  clock.atMs = 1_800_000_000_000;
  log.lines.length = 0;
  issuer.isDown = false;
  issuer.document = {};
  issuer.asked.length = 0;
});
afterEach(() => database.close());

function workloadTokens(options: Partial<WorkloadIssuerOptions> = {}) {
  const access = { issuer: issuer.url, caPath: undefined, privateNetworks: ["127.0.0.0/8"], allowHttp: true };
  const keys = { jwksUri: undefined, jwksPath: undefined, bearerTokenPath: undefined };
  return createWorkloadTokens({
    queries: database.reads,
    options: { issuers: [{ ...access, ...keys, ...options }], maxTokenAgeMs: 24 * HOUR_MS },
    clock,
    log,
    keyCooldownMs: 0,
  });
}

async function addRobot(
  name: string,
  claims: Readonly<Record<string, string>>,
  { audience = AUDIENCE, of = issuer.url } = {},
): Promise<number> {
  const id = await addAccount(database, { name, kind: "robot" });
  const trust = { account_id: id, issuer: of, audience, claims: JSON.stringify(claims), created_at_ms: 1 };
  await database.transaction((queries) => queries.insertInto("robot_trusts").values(trust).execute());
  return id;
}

const NOT_TAKEN = "the ID token does not sign you in here";

describe("a job is the robot that trusts its token", () => {
  test.each([
    ["by repository and ref", GITHUB, { repository: "octo-org/octo-repo", ref: "refs/heads/main" }],
    ["by a pattern", GITHUB, { repository: "octo-org/*", workflow_ref: "octo-org/octo-repo/.github/workflows/*@*" }],
    ["by a number", GITHUB, { run_number: "10" }],
    ["by a flag", { ...GITHUB, protected: true }, { protected: "true" }],
    ["by one of a list", { ...GITHUB, groups: ["a", "release"] }, { groups: "release" }],
    ["by its subject", KUBERNETES, { sub: "system:serviceaccount:build:*" }],
    ["by a group of claims whose name has dots", KUBERNETES, { "kubernetes.io.namespace": "build" }],
    ["by a deeper group", KUBERNETES, { "kubernetes.io.serviceaccount.name": "push*" }],
  ] as const)("%s", async (_, claims, patterns) => {
    await addRobot("team+ci", patterns);
    const robot = await workloadTokens().robotOf(await issuer.token(claims), undefined);
    expect(robot.name).toBe("team+ci");
  });

  test("by its name, if it says one", async () => {
    await addRobot("team+ci", { repository: "octo-org/octo-repo" });
    await addRobot("team+other", { repository: "octo-org/*" });
    const token = await issuer.token(GITHUB);
    const tokens = workloadTokens();
    expect((await tokens.robotOf(token, "team+other")).name).toBe("team+other");
    expect((await tokens.robotOf(token, "team+ci")).name).toBe("team+ci");
    const refusal = await refusalOf(tokens.robotOf(token, undefined));
    expect(refusal.kind).toBe("login-failed");
    expect(refusal.message).toContain("several robots");
    expect((await refusalOf(tokens.robotOf(token, "team+none"))).message).toBe(NOT_TAKEN);
  });

  test("also when two of its trusts do", async () => {
    const id = await addRobot("team+ci", { repository: "octo-org/*" });
    const again = { account_id: id, issuer: issuer.url, audience: AUDIENCE, claims: '{"ref":"*"}', created_at_ms: 2 };
    await database.transaction((queries) => queries.insertInto("robot_trusts").values(again).execute());
    expect((await workloadTokens().robotOf(await issuer.token(GITHUB), undefined)).name).toBe("team+ci");
  });
});

describe("a job is nobody", () => {
  test.each([
    ["with another value", GITHUB, { repository: "octo-org/other" }],
    [
      "with a value that only starts so",
      { ...GITHUB, repository: "octo-org/octo-repo-2" },
      { repository: "octo-org/octo-repo" },
    ],
    ["with one of two claims", GITHUB, { repository: "octo-org/octo-repo", ref: "refs/heads/release" }],
    ["without the claim", GITHUB, { environment: "production" }],
    ["without the claim, whatever it may be", GITHUB, { environment: "*" }],
    ["with a group where a value should be", KUBERNETES, { "kubernetes.io": "*" }],
    ["with a claim of all objects", GITHUB, { constructor: "*" }],
    ["when nothing is asked of its claims", GITHUB, {}],
  ] as const)("%s", async (_, claims, patterns) => {
    await addRobot("team+ci", patterns);
    const refusal = await refusalOf(workloadTokens().robotOf(await issuer.token(claims), undefined));
    expect(refusal).toMatchObject({ kind: "login-failed", message: NOT_TAKEN });
    expect(log.lines.join("\n")).toMatch(/team\+ci/);
    for (const name of Object.keys(patterns)) expect(refusal.message).not.toContain(name);
  });

  test("and only the log says which claim it was", async () => {
    await addRobot("team+ci", { repository: "octo-org/octo-repo", ref: "refs/heads/release" });
    await refusalOf(workloadTokens().robotOf(await issuer.token(GITHUB), undefined));
    expect(log.lines.join("\n")).toContain("ref is not refs/heads/release");
  });

  test("which is one line of the log, however many robots it is not", async () => {
    for (let robot = 0; robot < 23; robot++) await addRobot(`team+ci-${robot}`, { ref: "refs/heads/release" });
    await refusalOf(workloadTokens().robotOf(await issuer.token(GITHUB), undefined));
    expect(log.lines).toHaveLength(1);
    expect(log.lines[0]).toContain("team+ci-19: ref is not refs/heads/release; and 3 more");
    await addRobot("team+main", { ref: "refs/heads/main" });
    await workloadTokens().robotOf(await issuer.token(GITHUB), undefined);
    expect(log.lines).toHaveLength(1);
  });

  test("for a robot of another audience or another issuer", async () => {
    await addRobot("team+ci", { ref: "*" }, { audience: "https://other.example" });
    await addRobot("team+ci-2", { ref: "*" }, { of: "https://issuer.example" });
    const refusal = await refusalOf(workloadTokens().robotOf(await issuer.token(GITHUB), undefined));
    expect(refusal).toMatchObject({ kind: "login-failed", message: NOT_TAKEN });
    expect(log.lines.join("\n")).toContain("aud is not https://other.example");
  });

  test("for a robot that is disabled or has expired, or a user", async () => {
    const id = await addRobot("team+ci", { ref: "*" });
    const token = await issuer.token(GITHUB);
    const tokens = workloadTokens();
    const change = (values: object) =>
      database.transaction((queries) => queries.updateTable("accounts").set(values).where("id", "=", id).execute());
    await change({ is_disabled: 1 });
    expect((await refusalOf(tokens.robotOf(token, undefined))).message).toBe(NOT_TAKEN);
    await change({ is_disabled: 0, expires_at_ms: clock.atMs });
    expect((await refusalOf(tokens.robotOf(token, undefined))).message).toBe(NOT_TAKEN);
    await change({ kind: "user", expires_at_ms: null });
    expect((await refusalOf(tokens.robotOf(token, undefined))).message).toBe(NOT_TAKEN);
  });
});

describe("a token is not taken", () => {
  const seconds = () => Math.floor(clock.atMs / 1000);

  test.each([
    ["after its end", () => issuer.token({ ...GITHUB, exp: seconds() - 120 })],
    ["before its time", () => issuer.token({ ...GITHUB, nbf: seconds() + 600 })],
    ["from the future", () => issuer.token({ ...GITHUB, iat: seconds() + 600 })],
    ["without an end", () => issuer.token({ ...GITHUB, exp: undefined })],
    ["without a beginning", () => issuer.token({ ...GITHUB, iat: undefined })],
    [
      "that is too old, whatever its end",
      () => issuer.token({ ...GITHUB, iat: seconds() - 90_000, exp: seconds() + 9 }),
    ],
    ["without an audience", () => issuer.token({ ...GITHUB, aud: undefined })],
    ["of an issuer that is not known", () => issuer.token({ ...GITHUB, iss: "https://issuer.example" })],
    ["of an issuer with a slash more", () => issuer.token({ ...GITHUB, iss: `${issuer.url}/` })],
    ["of no issuer", () => issuer.token({ ...GITHUB, iss: undefined })],
    ["that is for a logout", () => issuer.token(GITHUB, { typ: "logout+jwt" })],
    ["that is none", () => Promise.resolve("not.a.token")],
    ["that is empty", () => Promise.resolve("")],
    ["that is very long", () => issuer.token({ ...GITHUB, more: "x".repeat(20_000) })],
    [
      "with another's signature",
      async () => `${(await issuer.token(GITHUB)).replace(/\.[^.]*$/, "")}.${"A".repeat(342)}`,
    ],
    ["with its claims changed", async () => changed(await issuer.token(GITHUB))],
    ["without a signature", () => Promise.resolve(unsigned())],
    ["signed with a public key as the secret", () => signedWithPublicKey()],
    ["signed by somebody else under a known name", () => signedByStranger()],
  ] as const)("%s", async (_, make) => {
    await addRobot("team+ci", { ref: "*" });
    const tokens = workloadTokens();
    expect((await tokens.robotOf(await issuer.token(GITHUB), undefined)).name).toBe("team+ci");
    expect(await refusalOf(tokens.robotOf(await make(), undefined))).toMatchObject({
      kind: "login-failed",
      message: NOT_TAKEN,
    });
  });

  const claimsNow = () => ({ ...GITHUB, iss: issuer.url, iat: seconds(), exp: seconds() + 300 });

  function changed(token: string): string {
    const [header, , signature] = token.split(".");
    return [header, Buffer.from(JSON.stringify(claimsNow())).toString("base64url"), signature].join(".");
  }

  function unsigned(): string {
    return new UnsecuredJWT(claimsNow()).encode();
  }

  function signedWithPublicKey(): Promise<string> {
    const [jwk] = issuer.jwks().keys;
    const secret = new TextEncoder().encode(JSON.stringify(jwk));
    return new SignJWT(claimsNow()).setProtectedHeader({ alg: "HS256", kid: jwk?.kid ?? "" }).sign(secret);
  }

  async function signedByStranger(): Promise<string> {
    const { privateKey } = await generateKeyPair("RS256");
    const kid = issuer.jwks().keys[0]?.kid ?? "";
    return new SignJWT(claimsNow()).setProtectedHeader({ alg: "RS256", kid }).sign(privateKey);
  }
});

describe("the keys of an issuer", () => {
  beforeEach(() => addRobot("team+ci", { ref: "*" }));

  test.each(["ES256", "EdDSA", "PS512"])("may be of %s", async (algorithm) => {
    await issuer.addKey(algorithm);
    expect((await workloadTokens().robotOf(await issuer.token(GITHUB), undefined)).name).toBe("team+ci");
  });

  test("may have no names", async () => {
    await issuer.addKey("ES256", false);
    await issuer.addKey("ES256", false);
    expect((await workloadTokens().robotOf(await issuer.token(GITHUB), undefined)).name).toBe("team+ci");
    await issuer.addKey();
    issuer.forgetOldKeys();
  });

  test("may change", async () => {
    const tokens = workloadTokens();
    const before = await issuer.token(GITHUB);
    await tokens.robotOf(before, undefined);
    await issuer.addKey();
    issuer.forgetOldKeys();
    expect((await tokens.robotOf(await issuer.token(GITHUB), undefined)).name).toBe("team+ci");
    expect((await refusalOf(tokens.robotOf(before, undefined))).message).toBe(NOT_TAKEN);
  });

  test("are asked for once", async () => {
    const tokens = workloadTokens();
    for (let i = 0; i < 3; i++) await tokens.robotOf(await issuer.token(GITHUB), undefined);
    expect(issuer.asked.map(({ path }) => path)).toEqual(["/.well-known/openid-configuration", "/keys"]);
  });

  test("may be at a place that the configuration names, for who brings the right token", async () => {
    const file = join(makeTemporaryFolder("bearer"), "token");
    writeFileSync(file, "service-account-token\n");
    const tokens = workloadTokens({ jwksUri: issuer.jwksUri, bearerTokenPath: file });
    await tokens.robotOf(await issuer.token(GITHUB), undefined);
    expect(issuer.asked).toEqual([{ path: "/keys", authorization: "Bearer service-account-token" }]);
  });

  test("may be in a file, and change there", async () => {
    const file = join(makeTemporaryFolder("jwks"), "jwks.json");
    writeFileSync(file, JSON.stringify(issuer.jwks()));
    const tokens = workloadTokens({ jwksPath: file });
    await tokens.robotOf(await issuer.token(GITHUB), undefined);
    await issuer.addKey();
    const token = await issuer.token(GITHUB);
    expect((await refusalOf(tokens.robotOf(token, undefined))).message).toBe(NOT_TAKEN);
    writeFileSync(file, JSON.stringify(issuer.jwks()));
    expect((await tokens.robotOf(token, undefined)).name).toBe("team+ci");
    expect(issuer.asked).toEqual([]);
    writeFileSync(file, "{");
    chmodSync(file, 0o600);
    expect((await refusalOf(tokens.robotOf(token, undefined))).kind).toBe("unavailable");
  });

  test.each([
    ["by discovery", () => workloadTokens()],
    ["at a place of the configuration", () => workloadTokens({ jwksUri: issuer.jwksUri })],
  ])("may not be there now, and be there later: %s", async (_, open) => {
    const tokens = open();
    issuer.isDown = true;
    const token = await issuer.token(GITHUB);
    for (let i = 0; i < 3; i++) expect((await refusalOf(tokens.robotOf(token, undefined))).kind).toBe("unavailable");
    expect(issuer.asked).toHaveLength(1);
    issuer.isDown = false;
    clock.atMs += 5000;
    expect((await tokens.robotOf(token, undefined)).name).toBe("team+ci");
  });

  test("are not asked for at an address inside, unless that is allowed", async () => {
    const token = await issuer.token(GITHUB);
    const refusal = await refusalOf(workloadTokens({ privateNetworks: [] }).robotOf(token, undefined));
    expect(refusal.kind).toBe("unavailable");
    const plain = await refusalOf(workloadTokens({ allowHttp: false }).robotOf(token, undefined));
    expect(plain.kind).toBe("unavailable");
    expect(issuer.asked).toEqual([]);
  });

  test("are not asked for where a public issuer says that they are inside", async () => {
    issuer.document = { jwks_uri: issuer.jwksUri.replace("127.0.0.1", "[::1]") };
    expect((await refusalOf(workloadTokens().robotOf(await issuer.token(GITHUB), undefined))).kind).toBe("unavailable");
    expect(issuer.asked.map(({ path }) => path)).toEqual(["/.well-known/openid-configuration"]);
  });

  test("are not those of an issuer that calls itself another", async () => {
    issuer.document = { issuer: "https://issuer.example" };
    expect((await refusalOf(workloadTokens().robotOf(await issuer.token(GITHUB), undefined))).kind).toBe("unavailable");
  });
});
