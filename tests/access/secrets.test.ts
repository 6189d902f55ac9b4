import { describe, expect, setDefaultTimeout, test } from "bun:test";

import { decodeJwt } from "jose";

import { type CreatedSecret, type NewPersonalToken } from "../../src/access/index.ts";
import {
  changePassword,
  createPersonalToken,
  createRobot,
  createRobotSecret,
  disableUser,
  enableUser,
  revokePersonalToken,
} from "../support/change-accounts.ts";
import { nobody } from "../support/nobody.ts";
import { pushImage } from "../support/push-content.ts";
import { guardedWith, PASSWORD } from "./support/guarded.ts";

setDefaultTimeout(60_000);

const TAGS = "/v2/team/app/tags/list";
const UPLOADS = "/v2/team/app/blobs/uploads/";
const SCOPE = "repository:team/app:pull,push";

const guarded = guardedWith(async (berth) => {
  await berth.user("alice", "owner", "team");
  await berth.user("mallory");
  await pushImage(berth.as("alice"), "team/app", "v1");
});

interface TokenAnswer {
  readonly token?: string;
  readonly refresh_token?: string;
}

async function refreshTokenOf(username: string): Promise<string> {
  const fields = { grant_type: "password", username, password: PASSWORD, access_type: "offline" };
  const { refresh_token: token } = (await guarded().postToken(fields)).json() as TokenAnswer;
  if (token === undefined) throw new Error("no refresh token was given");
  return token;
}

const refresh = (token: string, scope = SCOPE) =>
  guarded().postToken({ grant_type: "refresh_token", refresh_token: token, scope });

const personalToken = (token: NewPersonalToken): Promise<CreatedSecret> =>
  guarded().change((accounts) => createPersonalToken(accounts, token, nobody));

describe("a refresh token", () => {
  test("is good at the token end-point, and nowhere else", async () => {
    const token = await refreshTokenOf("alice");
    expect((await refresh(token)).status).toBe(200);
    for (const client of [guarded().as("alice", token), guarded().as("<token>", token), guarded().bearer(token)])
      expect((await client.get(TAGS)).status).toBe(401);
    expect((await guarded().askToken([SCOPE], { name: "alice", password: token })).status).toBe(401);
    const asPassword = { grant_type: "password", username: "alice", password: token, scope: SCOPE };
    expect((await guarded().postToken(asPassword)).status).toBe(401);
  });

  test("is not what only looks like one, nor another secret", async () => {
    const token = await refreshTokenOf("alice");
    const { text } = await personalToken({ user: "alice", name: "no-refresh", limits: [] });
    const changed = token.slice(0, -1) + (token.endsWith("0") ? "1" : "0");
    for (const bad of [changed, token.toLowerCase(), `${token} `, token.slice(0, -1), text, PASSWORD, "x"])
      expect((await refresh(bad)).status).toBe(401);
  });

  test("is not given to who came with a token, a secret or another refresh token", async () => {
    const { text } = await personalToken({ user: "alice", name: "offline", limits: [] });
    const wish = { grant_type: "password", username: "alice", access_type: "offline" };
    expect((await guarded().postToken({ ...wish, password: text })).json()).not.toHaveProperty("refresh_token");
    const query = "/token?service=berth&offline_token=true";
    expect((await guarded().as("alice", text).get(query)).json()).not.toHaveProperty("refresh_token");
    expect((await guarded().anonymous().get(query)).json()).not.toHaveProperty("refresh_token");
  });

  test("ends when its user is disabled, for good", async () => {
    await guarded().user("ben", "reader", "team");
    const token = await refreshTokenOf("ben");
    await guarded().change((accounts) => disableUser(accounts, "ben", nobody));
    expect((await refresh(token)).status).toBe(401);
    await guarded().change((accounts) => enableUser(accounts, "ben", nobody));
    expect((await refresh(token)).status).toBe(401);
  });

  test("ends when the password is changed", async () => {
    await guarded().user("carl", "reader", "team");
    const token = await refreshTokenOf("carl");
    expect((await refresh(token)).status).toBe(200);
    const change = { name: "carl", oldPassword: PASSWORD, newPassword: "Battery-Staple-7" };
    await guarded().change((accounts) => changePassword(accounts, change, nobody));
    expect((await refresh(token)).status).toBe(401);
  });

  test("gives no more than its user may do now", async () => {
    await guarded().user("dora");
    const token = await refreshTokenOf("dora");
    const { token: given = "" } = (await refresh(token)).json() as TokenAnswer;
    expect(decodeJwt(given)["access"]).toEqual([]);
  });
});

describe("a personal token", () => {
  test("that is for pulls pulls, by itself and by the tokens that it is good for", async () => {
    const limits = [{ pathPattern: "team/app", actions: ["pull"] as const }];
    const { text } = await personalToken({ user: "alice", name: "pull", limits });
    const bearer = guarded().bearer(await guarded().token([SCOPE], { name: "alice", password: text }));
    for (const client of [guarded().as("alice", text), bearer]) {
      expect((await client.get(TAGS)).status).toBe(200);
      const refused = [
        await client.post(UPLOADS),
        await client.put("/v2/team/app/manifests/v1", { body: "{}" }),
        await client.delete("/v2/team/app/manifests/v1"),
      ];
      for (const { status } of refused) expect(status).toBeOneOf([401, 403]);
    }
    const wide = await guarded().token(["repository:team/app:*", "repository:team/new:pull,push"], {
      name: "alice",
      password: text,
    });
    expect(decodeJwt(wide)["access"]).toEqual([]);
  });

  test("that is for one repository shows no other", async () => {
    await pushImage(guarded().as("alice"), "team/other", "v1");
    const limits = [{ pathPattern: "team/app", actions: ["pull"] as const }];
    const { text } = await personalToken({ user: "alice", name: "narrow", limits });
    const client = guarded().as("alice", text);
    expect((await client.get("/v2/_catalog")).json()).toEqual({ repositories: ["team/app"] });
    const scopes = ["registry:catalog:*"];
    const bearer = guarded().bearer(await guarded().token(scopes, { name: "alice", password: text }));
    expect((await bearer.get("/v2/_catalog")).json()).toEqual({ repositories: ["team/app"] });
    for (const path of ["/v2/team/other/tags/list", "/v2/team/other/manifests/v1"])
      expect((await client.get(path)).status).toBeOneOf([403, 404]);
  });

  test("is nobody else's, and ends with its time or when it is taken back", async () => {
    const endMs = Date.now() + 1500;
    const short = await personalToken({ user: "alice", name: "short", limits: [], expiresAtMs: endMs });
    const long = await personalToken({ user: "alice", name: "long", limits: [] });
    const tokens = await Promise.all(
      [short, long].map(({ text }) => guarded().token([SCOPE], { name: "alice", password: text })),
    );
    for (const { text } of [short, long]) {
      expect((await guarded().as("alice", text).get(TAGS)).status).toBe(200);
      for (const name of ["mallory", "Alice", "admin", "unknown", "team+ci", "oidc"])
        expect((await guarded().as(name, text).get("/v2/")).status).toBe(401);
    }
    await Bun.sleep(endMs + 5 - Date.now());
    expect((await guarded().as("alice", short.text).get(TAGS)).status).toBe(401);
    expect(
      (
        await guarded()
          .bearer(tokens[0] ?? "")
          .get(TAGS)
      ).status,
    ).toBe(401);
    expect(
      (
        await guarded()
          .bearer(tokens[1] ?? "")
          .get(TAGS)
      ).status,
    ).toBe(200);
    const revoked = { user: "alice", id: long.secret.id };
    await guarded().change((accounts) => revokePersonalToken(accounts, revoked, nobody));
    expect((await guarded().as("alice", long.text).get(TAGS)).status).toBe(401);
    expect(
      (
        await guarded()
          .bearer(tokens[1] ?? "")
          .get(TAGS)
      ).status,
    ).toBe(401);
  });

  test("makes no other, and one that is for some things changes nothing by the management API", async () => {
    const limits = [{ pathPattern: "team/app", actions: ["pull"] as const }];
    const whole = await personalToken({ user: "alice", name: "whole", limits: [] });
    const narrow = await personalToken({ user: "alice", name: "some", limits });
    const headers = { "content-type": "application/json" };
    const body = JSON.stringify({ name: "child", limits: [] });
    for (const { text } of [whole, narrow])
      expect((await guarded().as("alice", text).post("/api/v1/me/tokens", { headers, body })).status).toBe(403);
    const client = guarded().as("alice", narrow.text);
    const change = JSON.stringify({ oldPassword: PASSWORD, newPassword: "Battery-Staple-7" });
    expect((await client.put("/api/v1/me/password", { headers, body: change })).status).toBe(403);
    expect((await client.delete(`/api/v1/me/tokens/${whole.secret.id}`)).status).toBe(403);
    const bearer = guarded().bearer(await guarded().token([SCOPE], { name: "alice" }));
    expect((await bearer.get("/api/v1/me")).status).toBe(401);
    expect((await bearer.post("/api/v1/me/tokens", { headers, body })).status).toBe(401);
  });

  test("signs in no browser", async () => {
    const { text } = await personalToken({ user: "alice", name: "browser", limits: [] });
    const body = JSON.stringify({ name: "alice", password: text });
    const answer = await guarded()
      .anonymous()
      .post("/sign-in/password", { headers: { "content-type": "application/json" }, body });
    expect(answer.status).toBe(403);
    expect(answer.headers.get("set-cookie")).toBeNull();
  });
});

describe("a robot's secret", () => {
  test("is good with the robot's own name, whole", async () => {
    const [one, two] = await guarded().change(async (accounts) => {
      for (const name of ["one", "two"]) {
        const { id } = await createRobot(accounts, { ownerPath: "team", name }, nobody);
        await guarded().give("team", `account:${id}`, "reader");
      }
      return Promise.all(
        ["team+one", "team+two"].map((robot) => createRobotSecret(accounts, { robot, name: "ci" }, nobody)),
      );
    });
    const text = one?.text ?? "";
    expect((await guarded().as("team+one", text).get(TAGS)).status).toBe(200);
    const middle = text.slice(0, 20) + (text[20] === "a" ? "b" : "a") + text.slice(21);
    for (const [name, secret] of [
      ["team+two", text],
      ["team+one", two?.text ?? ""],
      ["alice", text],
      ["team", text],
      ["+one", text],
      ["team+ONE", text],
      ["team+one", middle],
      ["team+one", text.toLowerCase()],
      ["team+one", text.replace("berth_robot_", "berth_pat_")],
      ["team+one", text.replace("berth_robot_", "")],
      ["team+one", `${text}\n`],
      ["team+one", ""],
    ] as const)
      expect(`${name} ${(await guarded().as(name, secret).get(TAGS)).status}`).toBe(`${name} 401`);
  });

  test("gives what the robot was given, not what all people have", async () => {
    await pushImage(guarded().as("alice"), "team/inside", "v1");
    await guarded().show("team/inside", "internal");
    const { text } = await guarded().change(async (accounts) => {
      await createRobot(accounts, { ownerPath: "team/inside", name: "bare" }, nobody);
      return createRobotSecret(accounts, { robot: "team/inside+bare", name: "ci" }, nobody);
    });
    expect((await guarded().as("mallory").get("/v2/team/inside/tags/list")).status).toBe(200);
    expect((await guarded().as("team/inside+bare", text).get("/v2/team/inside/tags/list")).status).toBe(404);
    expect((await guarded().as("team/inside+bare", text).post("/v2/team/inside/blobs/uploads/")).status).toBe(403);
  });
});

test("no secret and no password is in the log or the audit trail", async () => {
  const { text } = await personalToken({ user: "alice", name: "logged", limits: [] });
  const refreshToken = await refreshTokenOf("alice");
  await guarded().as("alice", text).get(`/v2/?password=${text}`);
  const mistaken = await guarded().as(text, "x").get("/v2/");
  expect(mistaken.status).toBe(401);
  expect(mistaken.text.includes(text)).toBe(false);
  await guarded().as("alice", "Typed-Wrong-4").get("/v2/");
  await refresh(refreshToken);
  await refresh(`${refreshToken}x`);
  const acts = JSON.stringify(await guarded().acts());
  for (const secret of [PASSWORD, "Typed-Wrong-4", refreshToken, text]) {
    // Not the texts themselves: they would be shown.
    expect(guarded().berth.logs().includes(secret)).toBe(false);
    expect(acts.includes(secret)).toBe(false);
  }
});
