import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  findAccount,
  getRobot,
  listPersonalTokens,
  listRobots,
  listRobotSecrets,
  listRobotTrusts,
  type NewPersonalToken,
  type NewRobotTrust,
} from "../../../../src/access/index.ts";
import {
  addRobotTrust,
  createPersonalToken,
  createRobot,
  createRobotSecret,
  createUser,
  deleteRobot,
  deleteRobotTrust,
  revokePersonalToken,
  revokeRobotSecret,
  updateRobot,
} from "../../../support/change-accounts.ts";
import { BY, type OpenAccounts, openAccounts } from "./open-accounts.ts";

let open: OpenAccounts;
beforeEach(async () => {
  open = await openAccounts();
  await createRobot(open.accounts, { ownerPath: "team/app", name: "ci", description: "builds" }, BY);
});
afterEach(() => open.metadata.close());

const ROBOT = "team/app+ci";
const failure = (act: Promise<unknown>) => act.catch((error: unknown) => error);
const generationOf = async (name: string) => (await findAccount(open.metadata.reads, name))?.generation ?? NaN;

describe("a robot", () => {
  test("belongs to its node", async () => {
    expect(await getRobot(open.metadata.reads, ROBOT)).toMatchObject({ ownerPath: "team/app", description: "builds" });
    expect(await findAccount(open.metadata.reads, ROBOT)).toMatchObject({ kind: "robot", ownerPath: "team/app" });
    await createRobot(open.accounts, { ownerPath: "", name: "ci" }, BY);
    const names = async (ownerPath?: string) =>
      (await listRobots(open.metadata.reads, { after: "", limit: 9, ownerPath })).map(({ name }) => name);
    expect([await names(), await names("team/app"), await names(""), await names("team")]).toEqual([
      ["+ci", ROBOT],
      [ROBOT],
      ["+ci"],
      [],
    ]);
  });

  test("is made once, with an end to come", async () => {
    const again = (more = {}) =>
      failure(createRobot(open.accounts, { ownerPath: "team/app", name: "ci", ...more }, BY));
    expect(await again()).toMatchObject({ kind: "conflict" });
    expect(await again({ name: "x", expiresAtMs: open.time.atMs })).toMatchObject({ kind: "bad-request" });
    expect(await again({ name: "x", expiresAtMs: open.time.atMs + 1 })).toMatchObject({ name: "team/app+x" });
  });

  test("is changed, and disabled, which ends its tokens", async () => {
    const before = await generationOf(ROBOT);
    const update = (changes: Parameters<typeof updateRobot>[1]["changes"]) =>
      updateRobot(open.accounts, { name: ROBOT, changes }, BY);
    expect(await update({ expiresAtMs: open.time.atMs + 5, description: null })).toMatchObject({
      description: undefined,
      expiresAtMs: open.time.atMs + 5,
    });
    expect(await generationOf(ROBOT)).toBe(before);
    expect(await update({ isDisabled: true, expiresAtMs: null })).toMatchObject({
      isDisabled: true,
      expiresAtMs: undefined,
    });
    expect(await generationOf(ROBOT)).toBeGreaterThan(before);
  });

  test("is deleted", async () => {
    await deleteRobot(open.accounts, ROBOT, BY);
    expect(await failure(getRobot(open.metadata.reads, ROBOT))).toMatchObject({ kind: "not-found" });
    expect(await failure(deleteRobot(open.accounts, ROBOT, BY))).toMatchObject({ kind: "not-found" });
    expect(await open.acts()).toEqual([`robot.create success ${ROBOT}`, `robot.delete success ${ROBOT}`]);
  });
});

describe("a robot's secret", () => {
  test("is shown once, of several that live beside each other", async () => {
    const one = await createRobotSecret(open.accounts, { robot: ROBOT, name: "one" }, BY);
    const two = await createRobotSecret(open.accounts, { robot: ROBOT, name: "two", expiresAtMs: 2 ** 42 }, BY);
    expect(one.text).toMatch(/^berth_robot_/);
    expect(two.text).not.toBe(one.text);
    const secrets = await listRobotSecrets(open.metadata.reads, ROBOT);
    expect(secrets).toEqual([one.secret, two.secret]);
    const rows = JSON.stringify(await open.metadata.reads.selectFrom("secrets").selectAll().execute());
    const audit = JSON.stringify(await open.metadata.reads.selectFrom("audit").selectAll().execute());
    expect(rows + audit).not.toContain(one.text.slice(12, 40));
    expect(audit).toContain("secret.create");
  });

  test("has a name of its own, and an end to come", async () => {
    const create = (name: string, expiresAtMs?: number) =>
      failure(createRobotSecret(open.accounts, { robot: ROBOT, name, expiresAtMs }, BY));
    await create("one");
    expect(await create("one")).toMatchObject({ kind: "conflict" });
    expect(await create("")).toMatchObject({ kind: "bad-request" });
    expect(await create("two", 1)).toMatchObject({ kind: "bad-request" });
  });

  test("is revoked by its robot's name, which ends the robot's tokens", async () => {
    await createRobot(open.accounts, { ownerPath: "team", name: "other" }, BY);
    const { secret } = await createRobotSecret(open.accounts, { robot: ROBOT, name: "one" }, BY);
    const before = await generationOf(ROBOT);
    const revoke = (robot: string) => failure(revokeRobotSecret(open.accounts, { robot, id: secret.id }, BY));
    expect(await revoke("team+other")).toMatchObject({ kind: "not-found" });
    expect(await revoke(ROBOT)).toBeUndefined();
    expect(await listRobotSecrets(open.metadata.reads, ROBOT)).toEqual([]);
    expect(await generationOf(ROBOT)).toBeGreaterThan(before);
    expect((await open.acts()).at(-1)).toBe(`secret.revoke success ${ROBOT}`);
  });
});

describe("a personal token", () => {
  beforeEach(async () => {
    await createUser(open.accounts, { name: "anna", password: "correct horse battery" }, BY);
  });
  const create = (more: Partial<NewPersonalToken> = {}) =>
    createPersonalToken(open.accounts, { user: "anna", name: "laptop", limits: [], ...more }, BY);

  test("is for some actions on some repositories", async () => {
    const limits: NewPersonalToken["limits"] = [{ pathPattern: "team/**", actions: ["pull", "push"] }];
    const { secret, text } = await create({ limits });
    expect(text).toMatch(/^berth_pat_/);
    expect(await listPersonalTokens(open.metadata.reads, "anna")).toEqual([secret]);
    expect(secret.limits).toEqual(limits);
    await revokePersonalToken(open.accounts, { user: "anna", id: secret.id }, BY);
    expect(await listPersonalTokens(open.metadata.reads, "anna")).toEqual([]);
  });

  test.each([
    { pathPattern: "Team/**", actions: ["pull"] },
    { pathPattern: "team/**", actions: [] },
    { pathPattern: "team/**", actions: ["everything"] },
  ])("is refused for the limit %j", async (limit) => {
    const limits = [limit] as unknown as NewPersonalToken["limits"];
    expect(await failure(create({ limits }))).toMatchObject({ kind: "bad-request", details: [{ field: "limits" }] });
  });

  test("is of users only, and robots' secrets of robots", async () => {
    expect(await failure(create({ user: ROBOT }))).toMatchObject({ kind: "not-found" });
    const ofUser = createRobotSecret(open.accounts, { robot: "anna", name: "x" }, BY);
    expect(await failure(ofUser)).toMatchObject({ kind: "not-found" });
  });
});

describe("a trust", () => {
  const trust: NewRobotTrust = {
    robot: ROBOT,
    issuer: "https://token.actions.githubusercontent.com",
    audience: "berth",
    claims: { repository: "team/app", ref: "refs/heads/*" },
  };
  const add = (more: Partial<NewRobotTrust> = {}) => addRobotTrust(open.accounts, { ...trust, ...more }, BY);

  test("is added, listed and deleted, which ends the robot's tokens", async () => {
    const added = await add();
    expect(await listRobotTrusts(open.metadata.reads, ROBOT)).toEqual([added]);
    expect(added).toMatchObject({ issuer: trust.issuer, claims: trust.claims });
    const before = await generationOf(ROBOT);
    await deleteRobotTrust(open.accounts, { robot: ROBOT, id: added.id }, BY);
    expect(await generationOf(ROBOT)).toBeGreaterThan(before);
    expect(await listRobotTrusts(open.metadata.reads, ROBOT)).toEqual([]);
    const again = deleteRobotTrust(open.accounts, { robot: ROBOT, id: added.id }, BY);
    expect(await failure(again)).toMatchObject({ kind: "not-found" });
  });

  test.each<Partial<NewRobotTrust>>([
    { issuer: "http://ci.example.com" },
    { issuer: "https://user:pw@ci.example.com" },
    { issuer: "ci" },
    { audience: "" },
    { claims: {} },
    { claims: { repository: "*", ref: "**" } },
    { claims: { iss: "https://ci.example.com", aud: "berth" } },
    { claims: { repository: "" } },
    { claims: { "a claim": "x" } },
  ])("is refused with %j", async (more) => {
    expect(await failure(add(more))).toMatchObject({ kind: "bad-request" });
  });

  test("may be of an issuer on this machine", async () => {
    expect(await add({ issuer: "http://127.0.0.1:8080" })).toMatchObject({ issuer: "http://127.0.0.1:8080" });
  });

  test("is of a robot", async () => {
    expect(await failure(add({ robot: "team/app+x" }))).toMatchObject({ kind: "not-found" });
  });
});
