import { afterEach, beforeEach, describe, expect, spyOn, test } from "bun:test";
import { getRobot, getUser } from "../../../../src/access/index.ts";
import {
  changePassword,
  createPersonalToken,
  createRobot,
  createRobotSecret,
  createUser,
  disableUser,
  enableUser,
  resetPassword,
  revokePersonalToken,
  revokeRobotSecret,
  updateRobot,
} from "../../../support/change-accounts.ts";
import { putAccountLastUsed } from "../../../../src/metadata/index.ts";
import { RegistryError } from "../../../../src/oci/index.ts";
import { BY } from "../../access/accounts/open-accounts.ts";
import { from, openSignIn, type OpenSignIn, PASSWORD } from "./open-sign-in.ts";

let open: OpenSignIn;
beforeEach(async () => {
  open = await openSignIn();
});
afterEach(() => open.metadata.close());

const HERE = from("192.0.2.1");
const signIn = (username: string, password: string, origin = HERE) =>
  open.signIn.byPassword({ username, password }, origin);
const failure = (act: Promise<unknown>) => act.catch((error: unknown) => error);
const refused = async (username: string, password: string) =>
  expect(await failure(signIn(username, password))).toMatchObject({ kind: "login-failed" });
/** Times of use are written behind the answer, in order with other transactions. */
const written = () => open.metadata.transaction(async () => undefined);
const signIns = async () => (await open.acts()).filter((act) => act.startsWith("sign-in"));

describe("a local user", () => {
  beforeEach(() => open.addUser("anna"));

  test("signs in with the password", async () => {
    expect(await signIn("anna", PASSWORD)).toEqual({
      account: expect.objectContaining({ name: "anna", kind: "user" }),
      limits: [],
      expiresAtMs: undefined,
      isByPassword: true,
    });
    await refused("anna", "wrong");
    await refused("anna", "");
    await refused("Anna", PASSWORD);
  });

  test("is recorded once, each failure anew and without the password", async () => {
    for (let time = 0; time < 3; time++) await signIn("anna", PASSWORD);
    for (let time = 0; time < 2; time++) await failure(signIn("anna", "hunter2hunter2"));
    await signIn("anna", PASSWORD, from("192.0.2.2"));
    expect(await signIns()).toEqual([
      "sign-in success anna",
      "sign-in failure anna",
      "sign-in failure anna",
      "sign-in success anna",
    ]);
    const rows = await open.metadata.reads.selectFrom("audit").selectAll().where("act", "=", "sign-in").execute();
    expect(rows[0]).toMatchObject({ actor: "anna", address: "192.0.2.1", request_id: "r-2" });
    expect(rows[1]).toMatchObject({
      actor: null,
      detail: JSON.stringify({ method: "password", reason: "wrong password" }),
    });
    expect(JSON.stringify(rows)).not.toContain("hunter2");
  });

  test("is recorded again after an hour", async () => {
    await signIn("anna", PASSWORD);
    open.time.atMs += 60 * 60 * 1000 - 1;
    await updateSomething();
    await signIn("anna", PASSWORD);
    expect(await signIns()).toHaveLength(1);
    open.time.atMs += 1;
    await updateSomething();
    await signIn("anna", PASSWORD);
    expect(await signIns()).toHaveLength(2);
  });

  /** What was known is looked up anew. */
  const updateSomething = () => open.addUser(`other-${open.time.atMs}`);

  test("that is disabled is out at once, and in again when it is enabled", async () => {
    await signIn("anna", PASSWORD);
    await disableUser(open.accounts, "anna", BY);
    await refused("anna", PASSWORD);
    await enableUser(open.accounts, "anna", BY);
    expect(await signIn("anna", PASSWORD)).toMatchObject({ account: { name: "anna" } });
  });

  test("has the new password at once, and the old one no longer", async () => {
    const { account: before } = await signIn("anna", PASSWORD);
    const newPassword = "another good password";
    await changePassword(open.accounts, { name: "anna", oldPassword: PASSWORD, newPassword }, BY);
    await refused("anna", PASSWORD);
    const { account } = await signIn("anna", newPassword);
    expect(account.generation).toBeGreaterThan(before.generation);
    await resetPassword(open.accounts, { name: "anna", password: PASSWORD }, BY);
    await refused("anna", newPassword);
    expect((await signIn("anna", PASSWORD)).account.mustChangePassword).toBe(true);
  });

  test("has its last use written, once a minute at most", async () => {
    await signIn("anna", PASSWORD);
    await written();
    const first = open.time.atMs;
    const lastUsed = async () => (await getUser(open.metadata.reads, "anna")).lastUsedAtMs;
    expect(await lastUsed()).toBe(first);
    open.time.atMs += 59_999;
    await signIn("anna", PASSWORD);
    await written();
    expect(await lastUsed()).toBe(first);
    open.time.atMs += 1;
    await signIn("anna", PASSWORD);
    await written();
    expect(await lastUsed()).toBe(first + 60_000);
  });

  test("is not looked up anew because others were used", async () => {
    await signIn("anna", PASSWORD);
    const generation = await open.accessGeneration();
    const { id } = await getUser(open.metadata.reads, "anna");
    await open.metadata.transaction((queries) => putAccountLastUsed(queries, id, 1));
    expect(await open.accessGeneration()).toBe(generation);
  });
});

describe("nobody learns which users there are", () => {
  test.each([
    ["wrong password", "anna"],
    ["unknown user", "nobody"],
    ["robot", "team+ci"],
    ["disabled user", "gone"],
    ["reserved name", "oidc"],
  ])("%s: the same answer", async (_, name) => {
    await open.addUser("anna");
    await open.addUser("gone");
    await disableUser(open.accounts, "gone", BY);
    await createRobot(open.accounts, { ownerPath: "team", name: "ci" }, BY);
    const error = await failure(signIn(name, name === "gone" ? PASSWORD : "wrong"));
    expect(error).toMatchObject({
      kind: "login-failed",
      message: "the user name or the password is wrong",
      details: [{ user: name }],
    });
  });

  test("by the time: one slow hash is computed for each", async () => {
    await open.addUser("anna");
    const verify = spyOn(open.accounts.passwords, "verify");
    const names = ["anna", "nobody", "team+ci", "oidc"];
    for (const name of names) await refused(name, `wrong for ${name}`);
    expect(verify.mock.calls.map(([password]) => password)).toEqual(names.map((name) => `wrong for ${name}`));
  });

  test("by the time that is left: a failure is answered at the same time after its start", async () => {
    await open.addUser("anna");
    const sleep = spyOn(Bun, "sleep").mockResolvedValue(undefined);
    try {
      const slow = open.anotherProcess({ minFailureMs: 250 });
      for (const username of ["anna", "nobody"]) await failure(slow.byPassword({ username, password: "wrong" }, HERE));
      await slow.byPassword({ username: "anna", password: PASSWORD }, HERE);
      expect(sleep.mock.calls).toEqual([[250], [250]]);
    } finally {
      sleep.mockRestore();
    }
  });

  test("by waits: a name that there is not waits as one that there is", async () => {
    await open.addUser("anna");
    const waits = async (name: string, network: string) => {
      const seen: unknown[] = [];
      for (let attempt = 0; attempt < 7; attempt++) {
        const error = (await failure(signIn(name, "wrong", from(network)))) as Error & {
          details: unknown;
        };
        seen.push(error.message, error.details);
      }
      return JSON.stringify(seen).replaceAll(name, "NAME");
    };
    expect(await waits("anna", "192.0.2.2")).toBe(await waits("nobody", "192.0.2.3"));
  });
});

describe("a robot's secret", () => {
  const ROBOT = "team+ci";
  const secret = (name: string, expiresAtMs?: number) =>
    createRobotSecret(open.accounts, { robot: ROBOT, name, expiresAtMs }, BY);
  beforeEach(async () => {
    await createRobot(open.accounts, { ownerPath: "team", name: "ci" }, BY);
  });

  test("is good with the robot's name only", async () => {
    await createRobot(open.accounts, { ownerPath: "team", name: "other" }, BY);
    await open.addUser("anna");
    const { text } = await secret("one");
    expect(await signIn(ROBOT, text)).toMatchObject({ account: { name: ROBOT, kind: "robot" }, isByPassword: false });
    for (const name of ["team+other", "anna", "nobody", "oidc", "TEAM+CI"]) await refused(name, text);
    expect(await signIns()).toHaveLength(6);
  });

  test("that is not whole is refused, counted for the address, and no act", async () => {
    const { text } = await secret("one");
    for (const wrong of [text.slice(0, -1), text.replace("robot", "pat"), `${text}x`]) await refused(ROBOT, wrong);
    expect(await signIns()).toEqual([]);
    const { failures } = await open.metadata.reads
      .selectFrom("sign_in_failures")
      .select("failures")
      .executeTakeFirstOrThrow();
    expect(failures).toBe(3);
  });

  test("is good until it is revoked, beside another", async () => {
    const [one, two] = [await secret("one"), await secret("two")];
    await signIn(ROBOT, one.text);
    await revokeRobotSecret(open.accounts, { robot: ROBOT, id: one.secret.id }, BY);
    await refused(ROBOT, one.text);
    expect(await signIn(ROBOT, two.text)).toMatchObject({ account: { name: ROBOT } });
  });

  test("is good until it ends, also while it is remembered", async () => {
    const { text } = await secret("one", open.time.atMs + 1000);
    expect(await signIn(ROBOT, text)).toMatchObject({ expiresAtMs: open.time.atMs + 1000 });
    open.time.atMs += 999;
    await signIn(ROBOT, text);
    open.time.atMs += 1;
    await refused(ROBOT, text);
  });

  test("is no longer good when the robot has ended or is disabled", async () => {
    const { text } = await secret("one");
    await signIn(ROBOT, text);
    await updateRobot(open.accounts, { name: ROBOT, changes: { isDisabled: true } }, BY);
    await refused(ROBOT, text);
    const changes = { isDisabled: false, expiresAtMs: open.time.atMs + 10 };
    await updateRobot(open.accounts, { name: ROBOT, changes }, BY);
    expect(await signIn(ROBOT, text)).toMatchObject({ expiresAtMs: open.time.atMs + 10 });
    open.time.atMs += 10;
    await refused(ROBOT, text);
  });

  test("has its last use written", async () => {
    const { text } = await secret("one");
    await signIn(ROBOT, text);
    await written();
    expect(await getRobot(open.metadata.reads, ROBOT)).toMatchObject({ lastUsedAtMs: open.time.atMs });
    const rows = await open.metadata.reads.selectFrom("secrets").select("last_used_at_ms").execute();
    expect(rows).toEqual([{ last_used_at_ms: open.time.atMs }]);
  });

  test("goes on while others from its address guess", async () => {
    const { text } = await secret("one");
    for (let attempt = 0; attempt < 25; attempt++) await failure(signIn(ROBOT, `${text.slice(0, -3)}${attempt + 100}`));
    expect(await failure(signIn(ROBOT, text.slice(0, -1)))).toMatchObject({ kind: "too-many-requests" });
    expect(await signIn(ROBOT, text)).toMatchObject({ account: { name: ROBOT } });
  });
});

describe("a personal token", () => {
  test("is good with its user's name, for what it was made for, until it is revoked", async () => {
    await open.addUser("anna");
    await open.addUser("ben");
    const limits = [{ pathPattern: "team/**", actions: ["pull"] as const }];
    const { text, secret } = await createPersonalToken(open.accounts, { user: "anna", name: "x", limits }, BY);
    const identity = await signIn("anna", text);
    expect(identity).toMatchObject({ account: { name: "anna" }, limits, isByPassword: false });
    await refused("ben", text);
    await disableUser(open.accounts, "anna", BY);
    await refused("anna", text);
    await enableUser(open.accounts, "anna", BY);
    await signIn("anna", text);
    await revokePersonalToken(open.accounts, { user: "anna", id: secret.id }, BY);
    await refused("anna", text);
  });
});

describe("personal tokens", () => {
  const NEXT = "another good password";

  test("stay when their user changes the password, and end when an administrator gives another", async () => {
    await open.addUser("anna");
    await open.addUser("ben");
    const make = async (user: string) =>
      (await createPersonalToken(open.accounts, { user, name: "x", limits: [] }, BY)).text;
    const [annas, bens] = [await make("anna"), await make("ben")];
    const change = { name: "anna", oldPassword: PASSWORD, newPassword: NEXT };
    await changePassword(open.accounts, change, BY);
    await signIn("anna", annas);
    await resetPassword(open.accounts, { name: "anna", password: PASSWORD }, BY);
    await refused("anna", annas);
    await changePassword(open.accounts, { name: "anna", oldPassword: PASSWORD, newPassword: NEXT }, BY);
    await refused("anna", annas);
    await signIn("ben", bens);
  });
});

describe("a refresh token", () => {
  const refresh = (token: string) => open.signIn.byRefreshToken(token, HERE);
  const create = async () => open.signIn.createRefreshToken(await signIn("anna", PASSWORD), HERE);
  const DAY = 24 * 60 * 60 * 1000;
  beforeEach(() => open.addUser("anna"));

  test("is good in the place of the password, and for nothing else", async () => {
    const token = await create();
    expect(token).toMatch(/^berth_refresh_/);
    expect(await refresh(token)).toMatchObject({
      account: { name: "anna" },
      isByPassword: false,
      expiresAtMs: undefined,
    });
    await refused("anna", token);
    for (const wrong of [PASSWORD, "", token.slice(1), token.replace("refresh", "pat")])
      expect(await failure(refresh(wrong))).toMatchObject({ kind: "login-failed" });
  });

  test("ends when the password changes", async () => {
    const token = await create();
    await refresh(token);
    await resetPassword(open.accounts, { name: "anna", password: "another good password" }, BY);
    expect(await failure(refresh(token))).toMatchObject({ kind: "login-failed" });
  });

  test("ends when the account is disabled, for good", async () => {
    const token = await create();
    await disableUser(open.accounts, "anna", BY);
    await enableUser(open.accounts, "anna", BY);
    expect(await failure(refresh(token))).toMatchObject({ kind: "login-failed" });
  });

  test("ends 90 days after its last use", async () => {
    const [used, unused] = [await create(), await create()];
    open.time.atMs += 89 * DAY;
    await refresh(used);
    await written();
    open.time.atMs += DAY;
    expect(await failure(refresh(unused))).toMatchObject({ kind: "login-failed" });
    await refresh(used);
  });

  test("holds on as long as it is used, also where nothing else changes", async () => {
    const token = await create();
    for (let use = 0; use < 3; use++) {
      await refresh(token);
      await written();
      open.time.atMs += 60 * DAY;
    }
    const elsewhere = open.anotherProcess();
    expect(await elsewhere.byRefreshToken(token, HERE)).toMatchObject({ account: { name: "anna" } });
  });

  test("is not made by one who came without the user's password", async () => {
    const { text } = await createPersonalToken(open.accounts, { user: "anna", name: "x", limits: [] }, BY);
    expect(await failure(refresh(text))).toMatchObject({ kind: "login-failed" });
    const byToken = await signIn("anna", text);
    expect(await failure(open.signIn.createRefreshToken(byToken, HERE))).toMatchObject({ kind: "denied" });
    const byRefresh = await refresh(await create());
    expect(await failure(open.signIn.createRefreshToken(byRefresh, HERE))).toMatchObject({ kind: "denied" });
  });

  test("is not made when the password was changed since", async () => {
    const identity = await signIn("anna", PASSWORD);
    await resetPassword(open.accounts, { name: "anna", password: "another good password" }, BY);
    expect(await failure(open.signIn.createRefreshToken(identity, HERE))).toMatchObject({ kind: "login-failed" });
  });

  test("leaves a hundred behind at most", async () => {
    const tokens: string[] = [];
    for (let time = 0; time < 102; time++) {
      open.time.atMs++;
      tokens.push(await create());
    }
    expect(await failure(refresh(tokens[1] ?? ""))).toMatchObject({ kind: "login-failed" });
    expect(await refresh(tokens[2] ?? "")).toMatchObject({ account: { name: "anna" } });
  });

  test("that makes room for another ends within a minute, and nothing else is looked up anew", async () => {
    const first = await create();
    await refresh(first);
    const before = await open.accessGeneration();
    open.time.atMs++;
    for (let time = 0; time < 100; time++) await create();
    expect(await open.accessGeneration()).toBe(before);
    open.time.atMs += 60_000;
    expect(await failure(refresh(first))).toMatchObject({ kind: "login-failed" });
  });
});

describe("a job's token", () => {
  const JWT = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl";

  test("is taken under the name oidc or a robot's, and remembered by nobody", async () => {
    await open.metadata.close();
    const asked: (string | undefined)[] = [];
    open = await openSignIn({
      workloads: {
        async robotOf(_, robotName) {
          asked.push(robotName);
          const account = await open.metadata.reads.selectFrom("accounts").selectAll().executeTakeFirstOrThrow();
          return { id: account.id } as never;
        },
      },
    });
    await createRobot(open.accounts, { ownerPath: "team", name: "ci" }, BY);
    const identity = await signIn("oidc", JWT);
    expect(identity).toMatchObject({ account: { name: "team+ci" }, isByPassword: false });
    await signIn("team+ci", JWT);
    await signIn("oidc", JWT);
    expect(asked).toEqual([undefined, "team+ci", undefined]);
    await createUser(open.accounts, { name: "anna", password: PASSWORD }, BY);
    await refused("anna", JWT);
    expect(asked).toHaveLength(3);
    await updateRobot(open.accounts, { name: "team+ci", changes: { isDisabled: true } }, BY);
    await refused("oidc", JWT);
  });

  test("is refused where none is taken", () => refused("oidc", JWT));

  test("is refused with the reason in the audit trail, and not for the client", async () => {
    await open.metadata.close();
    const cause = new Error("the ID token does not hold: it has expired");
    open = await openSignIn({
      workloads: { robotOf: () => Promise.reject(new RegistryError("login-failed", "no", { cause })) },
    });
    expect(String(await failure(signIn("oidc", JWT)))).not.toContain("expired");
    const { detail } = await open.metadata.reads.selectFrom("audit").select("detail").executeTakeFirstOrThrow();
    expect(JSON.parse(detail ?? "")).toMatchObject({ reason: cause.message });
  });
});
