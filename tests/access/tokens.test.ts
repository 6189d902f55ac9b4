import { createHmac, generateKeyPairSync } from "node:crypto";
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";

import { exportJWK, exportSPKI, importJWK, type JWK, SignJWT } from "jose";

import {
  addGroupMember,
  changePassword,
  createGroup,
  createRobot,
  createRobotSecret,
  createUser,
  deleteGroupMember,
  deleteUser,
  disableUser,
  enableUser,
  resetPassword,
  revokeRobotSecret,
  updateRobot,
} from "../support/change-accounts.ts";
import { listGrants, removeGrant, removeRole } from "../../src/metadata/index.ts";
import { failureOf } from "../support/failure-of.ts";
import { type Answer, errorCodes } from "../support/http-client.ts";
import { nobody } from "../support/nobody.ts";
import { pushImage } from "../support/push-content.ts";
import { claimsOf, Guarded, guardedWith, PASSWORD } from "./support/guarded.ts";

setDefaultTimeout(60_000);

const TAGS = "/v2/team/app/tags/list";
const SCOPES = ["repository:team/app:pull,push,delete"];

const guarded = guardedWith(async (berth) => {
  await berth.user("alice", "maintainer", "team");
  await berth.user("mallory");
  await pushImage(berth.as("alice"), "team/app", "v1");
  await pushImage(berth.as("alice"), "team/other", "v1");
});

const base64url = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
const inSeconds = (seconds: number) => Math.floor(Date.now() / 1000) + seconds;

function expectInvalid(answer: Answer): void {
  expect(`${answer.status} ${errorCodes(answer).join()}`).toBe("401 UNAUTHORIZED");
  expect(answer.headers.get("www-authenticate")).toContain('error="invalid_token"');
}

const tagsBy = (token: string, path = TAGS) => guarded().bearer(token).get(path);

test("a token by the key of the registry is taken: the forgeries below are right but for one thing", async () => {
  const answer = await tagsBy(await guarded().forge("alice"));
  expect(answer.json()).toEqual({ name: "team/app", tags: ["v1"] });
});

describe("a token is refused", () => {
  const payload = async (claims: object = {}) => ({ ...claimsOf(await guarded().account("alice")), ...claims });

  test.each([{ alg: "none" }, { alg: "None" }, { alg: "nOnE" }, { alg: "" }, {}])(
    "without signature, as %j",
    async (header) => {
      const { keyForSigning } = await keyOf();
      const unsigned = `${base64url({ typ: "JWT", kid: keyForSigning.id, ...header })}.${base64url(await payload())}.`;
      // A final dot is part of the form.
      for (const token of [unsigned, `${unsigned}AA`]) expectInvalid(await tagsBy(token));
    },
  );

  test("signed with the public key as a secret", async () => {
    const { keyForSigning, published } = await keyOf();
    const pem = await publicPem(published);
    const head = `${base64url({ typ: "JWT", alg: "HS256", kid: keyForSigning.id })}.${base64url(await payload())}`;
    for (const secret of [pem, pem.trim(), JSON.stringify(published)]) {
      const signature = createHmac("sha256", secret).update(head).digest("base64url");
      expectInvalid(await tagsBy(`${head}.${signature}`));
    }
  });

  test.each([["ES256"], ["ES384"], ["RS256"], ["PS256"]])("by another key under the same name, %s", async (alg) => {
    const { keyForSigning } = await keyOf();
    const { privateKey } = keyPairFor(alg);
    const header = { typ: "JWT", alg, kid: keyForSigning.id };
    expectInvalid(await tagsBy(await new SignJWT(await payload()).setProtectedHeader(header).sign(privateKey)));
  });

  test("that brings its own key, by every header that could say so", async () => {
    const { keyForSigning } = await keyOf();
    const { privateKey, publicKey } = keyPairFor("ES256");
    const jwk = { ...(await exportJWK(publicKey)), kid: "mine", alg: "ES256", use: "sig" };
    const asked: string[] = [];
    const server = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      fetch(request) {
        asked.push(request.url);
        return Response.json({ keys: [jwk] });
      },
    });
    const url = `http://127.0.0.1:${server.port}/jwks`;
    for (const more of [
      { jwk },
      { jwk: { ...jwk, kid: keyForSigning.id } },
      { jku: url },
      { x5u: url },
      { x5c: [Buffer.from("certificate").toString("base64")] },
    ])
      for (const kid of ["mine", keyForSigning.id, undefined]) {
        const header = { typ: "JWT", alg: "ES256", ...(kid !== undefined && { kid }), ...more };
        const token = await new SignJWT(await payload()).setProtectedHeader(header).sign(privateKey);
        expectInvalid(await tagsBy(token));
      }
    await server.stop(true);
    expect(asked).toEqual([]);
  });

  test.each([
    "../../../../dev/null",
    "/proc/self/environ",
    "' or '1'='1",
    "' union select public_jwk from token_keys --",
    "http://127.0.0.1/jwks",
    "__proto__",
    "",
    "x".repeat(300),
  ])("whose key is called %j", async (kid) => {
    const { privateKey } = keyPairFor("ES256");
    const header = { typ: "JWT", alg: "ES256", kid };
    expectInvalid(await tagsBy(await new SignJWT(await payload()).setProtectedHeader(header).sign(privateKey)));
  });

  test.each<[string, () => Record<string, unknown>]>([
    ["that has expired", () => ({ exp: inSeconds(-1) })],
    ["that has expired long ago", () => ({ exp: inSeconds(-400 * 86_400) })],
    ["without an end", () => ({ exp: undefined })],
    ["with an end that is a text", () => ({ exp: "9999999999" })],
    ["that is not good before later", () => ({ nbf: inSeconds(600) })],
    ["that will be issued later", () => ({ iat: inSeconds(600) })],
    ["for somebody else", () => ({ aud: "another" })],
    ["for somebody else among others", () => ({ aud: ["another", "berth2"] })],
    ["for nobody", () => ({ aud: undefined })],
    ["by another issuer", () => ({ iss: "another" })],
    ["of an earlier time of the account", () => ({ gen: 0 })],
    ["of a later time of the account", () => ({ gen: 999_999 })],
    ["that does not say of which time of the account", () => ({ gen: undefined })],
    ["of nobody that there is", () => ({ sub: "bob" })],
    ["whose owner differs in upper case", () => ({ sub: "Alice" })],
    ["whose owner is a list", () => ({ sub: ["alice"] })],
    ["that does not say for what", () => ({ access: undefined })],
    ["that says for what as a text", () => ({ access: "repository:team/app:pull" })],
  ])("%s, though it is signed by the registry", async (_about, claims) => {
    expectInvalid(await tagsBy(await guarded().forge("alice", claims())));
  });

  test.each([{ typ: "at+jwt" }, { typ: undefined }, { crit: ["b64"], b64: false }, { crit: ["exp"] }])(
    "with the header %j, though it is signed by the registry",
    async (header) => {
      const forged = guarded().forge("alice", {}, header);
      const token = await forged.catch(() => undefined);
      // What the library does not sign at all, it does not take either.
      if (token !== undefined) expectInvalid(await tagsBy(token));
      else expect(header).toHaveProperty("crit");
    },
  );

  test("that was changed to be good for more", async () => {
    const [header, , signature] = (await guarded().token(["repository:team/app:pull"], { name: "alice" })).split(".");
    const wide = await payload({ access: [{ type: "repository", name: "team/other", actions: ["pull", "push"] }] });
    expectInvalid(await tagsBy(`${header}.${base64url(wide)}.${signature}`, "/v2/team/other/tags/list"));
  });

  test("in parts of another count, or with spaces, or of other letters", async () => {
    const token = await guarded().token(SCOPES, { name: "alice" });
    for (const bad of [token.slice(0, -4), token.split(".").slice(0, 2).join("."), `${token}.x.y`, `${token}=`])
      expectInvalid(await tagsBy(bad));
    // These are no bearer tokens: who sends them has not said who it is.
    for (const bad of [`${token} x`, `x ${token}`, `"${token}"`, `${token},${token}`])
      expect((await tagsBy(bad)).status).toBe(401);
  });

  test("that was never one", async () => {
    for (const bad of ["x", "..", "a.b.c", "e30.e30.e30", "null", base64url({})]) expectInvalid(await tagsBy(bad));
  });
});

test("claims that name patterns are good for nothing", async () => {
  for (const name of [
    "**",
    "*",
    "team/*",
    "team/**",
    "../x",
    "team/../team/app",
    "Team/App",
    "TEAM/APP",
    "",
    "team/app/",
  ]) {
    const access = [{ type: "repository", name, actions: ["pull", "push", "delete", "*"] }];
    const token = await guarded().forge("alice", { access });
    expect(`${name} ${(await tagsBy(token)).status}`).toBe(`${name} 401`);
    const push = await guarded().bearer(token).post("/v2/team/app/blobs/uploads/");
    expect(`${name} ${push.status}`).toBe(`${name} 401`);
  }
});

test("a token good for everything is good for no more than its owner may do", async () => {
  const token = await guarded().forge("mallory");
  expect((await tagsBy(token)).status).toBe(404);
  expect((await guarded().bearer(token).post("/v2/team/app/blobs/uploads/")).status).toBe(403);
  expect((await guarded().bearer(token).delete("/v2/team/app/manifests/v1")).status).toBe(403);
});

describe("of another registry", () => {
  let other: Guarded;
  beforeAll(async () => {
    other = await Guarded.start({ http: { secret: "another-secret-0123456789-0123456789" } });
    await other.user("alice", "owner");
  });
  afterAll(() => other.stop());

  test("a token is refused, though issuer, service and user have the same names", async () => {
    const token = await other.token(SCOPES, { name: "alice" });
    expectInvalid(await tagsBy(token));
    expect((await other.bearer(token).get(TAGS)).status).toBe(404);
  });
});

describe("a token that was good is refused at once", () => {
  const tokenOf = async (name: string, password = PASSWORD, scopes = SCOPES) => {
    const token = await guarded().token(scopes, { name, password });
    expect((await tagsBy(token)).status).toBe(200);
    // A second time from what is remembered.
    expect((await tagsBy(token)).status).toBe(200);
    return token;
  };

  test("when its user is deleted, also if there is another of the same name", async () => {
    await guarded().user("ben", "writer", "team");
    const token = await tokenOf("ben");
    await guarded().change((accounts) => deleteUser(accounts, "ben", nobody));
    expectInvalid(await tagsBy(token));
    await guarded().user("ben", "owner", "team");
    expectInvalid(await tagsBy(token));
  });

  test("when its user is disabled, also after being enabled again", async () => {
    await guarded().user("carl", "writer", "team");
    const token = await tokenOf("carl");
    await guarded().change((accounts) => disableUser(accounts, "carl", nobody));
    expectInvalid(await tagsBy(token));
    expect((await guarded().as("carl").get(TAGS)).status).toBe(401);
    await guarded().change((accounts) => enableUser(accounts, "carl", nobody));
    expectInvalid(await tagsBy(token));
  });

  test("when its user's password is changed, or reset", async () => {
    await guarded().user("dora", "writer", "team");
    const first = await tokenOf("dora");
    const [changed, reset] = ["Battery-Staple-7", "Given-By-Admin-3"];
    const change = { name: "dora", oldPassword: PASSWORD, newPassword: changed };
    await guarded().change((accounts) => changePassword(accounts, change, nobody));
    expectInvalid(await tagsBy(first));
    const second = await tokenOf("dora", changed);
    await guarded().change((accounts) => resetPassword(accounts, { name: "dora", password: reset }, nobody));
    expectInvalid(await tagsBy(second));
    // What has to be changed is good for nothing else.
    expect((await guarded().as("dora", reset).get(TAGS)).status).toBe(403);
    expect((await guarded().askToken(SCOPES, { name: "dora", password: reset })).status).toBe(401);
  });

  test("when the secret is revoked that it was made of", async () => {
    const robot = { ownerPath: "team", name: "ci" };
    const secret = await guarded().change(async (accounts) => {
      const { id } = await createRobot(accounts, robot, nobody);
      await guarded().give("team/app", `account:${id}`, "writer");
      return createRobotSecret(accounts, { robot: "team+ci", name: "one" }, nobody);
    });
    const token = await tokenOf("team+ci", secret.text);
    const revoked = { robot: "team+ci", id: secret.secret.id };
    await guarded().change((accounts) => revokeRobotSecret(accounts, revoked, nobody));
    expectInvalid(await tagsBy(token));
    expect((await guarded().as("team+ci", secret.text).get(TAGS)).status).toBe(401);
  });

  test("when its robot ends, also if that was said after it was made", async () => {
    const secret = await guarded().change(async (accounts) => {
      const { id } = await createRobot(accounts, { ownerPath: "team", name: "short" }, nobody);
      await guarded().give("team/app", `account:${id}`, "writer");
      return createRobotSecret(accounts, { robot: "team+short", name: "one" }, nobody);
    });
    const token = await tokenOf("team+short", secret.text);
    const endMs = Date.now() + 1000;
    const changes = { expiresAtMs: endMs };
    await guarded().change((accounts) => updateRobot(accounts, { name: "team+short", changes }, nobody));
    expect((await tagsBy(token)).status).toBe(200);
    await Bun.sleep(endMs + 5 - Date.now());
    expectInvalid(await tagsBy(token));
    expect((await guarded().as("team+short", secret.text).get(TAGS)).status).toBe(401);
    expect((await guarded().askToken(SCOPES, { name: "team+short", password: secret.text })).status).toBe(401);
  });

  test("for what a group gave, when its user is not in it any more", async () => {
    await guarded().user("eve");
    const membership = { group: "builders", member: "eve" };
    await guarded().change(async (accounts) => {
      const { id } = await createGroup(accounts, { name: "builders" }, nobody);
      await guarded().give("team", `group:${id}`, "writer");
      await addGroupMember(accounts, membership, nobody);
    });
    const token = await tokenOf("eve");
    expect((await guarded().bearer(token).post("/v2/team/app/blobs/uploads/")).status).toBe(202);
    await guarded().change((accounts) => deleteGroupMember(accounts, membership, nobody));
    expect((await tagsBy(token)).status).toBe(404);
    expect((await guarded().bearer(token).post("/v2/team/app/blobs/uploads/")).status).toBe(403);
    expect((await guarded().as("eve").get(TAGS)).status).toBe(404);
  });

  test("for what a role or a grant gave, when that is taken back or has ended", async () => {
    const subject = await guarded().user("finn", "reader", "team");
    const token = await tokenOf("finn");
    const role = { path: "team", subject };
    await guarded().change(({ metadata }) => metadata.transaction((queries) => removeRole(queries, role)));
    expect((await tagsBy(token)).status).toBe(404);
    const endMs = Date.now() + 1000;
    await guarded().grant({ subject, paths: "team/*", actions: ["pull"], expiresAtMs: endMs });
    expect((await tagsBy(token)).status).toBe(200);
    expect((await guarded().as("finn").get(TAGS)).status).toBe(200);
    await Bun.sleep(endMs + 5 - Date.now());
    expect((await tagsBy(token)).status).toBe(404);
    expect((await guarded().as("finn").get(TAGS)).status).toBe(404);
    expect((await guarded().as("finn").get("/v2/_catalog")).json()).toEqual({ repositories: [] });
    await guarded().grant({ subject, paths: "team/*", actions: ["pull"] });
    expect([(await tagsBy(token)).status, (await guarded().as("finn").get(TAGS)).status]).toEqual([200, 200]);
    await guarded().change(({ metadata }) =>
      metadata.transaction(async (queries) => {
        for (const { id, subject: whose } of await listGrants(queries))
          if (whose === subject) await removeGrant(queries, id);
      }),
    );
    expect([(await tagsBy(token)).status, (await guarded().as("finn").get(TAGS)).status]).toEqual([404, 404]);
  });
});

test("a user of the same name in another case is another one", async () => {
  expect((await guarded().as("Alice").get(TAGS)).status).toBe(401);
  expect((await guarded().as("ALICE").get(TAGS)).status).toBe(401);
  const upper = { name: "Gina", password: PASSWORD };
  expect(await failureOf(createUser(guarded().accounts, upper, nobody))).toContain("a user name is lower-case");
});

test("the keys are only read", async () => {
  const anybody = guarded().anonymous();
  expect((await anybody.head("/token/jwks")).status).toBe(200);
  for (const method of ["post", "put", "patch", "delete"] as const) {
    const answer = await anybody[method]("/token/jwks");
    expect([answer.status, answer.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
  }
});

async function keyOf() {
  const answer = await guarded().anonymous().get("/token/jwks");
  const { keys } = answer.json() as { keys: JWK[] };
  const keyForSigning = await (await guarded().keys()).keyForSigning();
  const published = keys[0];
  if (!published) throw new Error("no key is published");
  expect(Object.keys(published).toSorted()).toEqual(["alg", "crv", "kid", "kty", "use", "x", "y"]);
  return { published, keyForSigning };
}

async function publicPem(jwk: JWK): Promise<string> {
  return exportSPKI((await importJWK(jwk, "ES256", { extractable: true })) as CryptoKey);
}

function keyPairFor(algorithm: string) {
  if (/^[RP]S/.test(algorithm)) return generateKeyPairSync("rsa", { modulusLength: 2048 });
  return generateKeyPairSync("ec", { namedCurve: algorithm === "ES384" ? "P-384" : "P-256" });
}
