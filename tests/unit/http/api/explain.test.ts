import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type ApiUnderTest, openApi } from "./api-under-test.ts";

let api: ApiUnderTest;

beforeAll(async () => {
  api = await openApi();
  await api.given(async (rows) => {
    await rows.account("root", { systemRole: "administrator" });
    await rows.account("auditor", { systemRole: "auditor" });
    const anna = await rows.account("anna");
    await rows.account("ben");
    await rows.account("new", { mustChangePassword: true });
    await rows.account("team+ci", { kind: "robot", ownerPath: "team" });
    const group = await rows.group("dev", [anna]);
    await rows.role("team", `group:${group}`, "writer");
    await rows.role("team/app", anna, "reader");
    await rows.role("team", await rows.account("lead"), "maintainer");
    await rows.group("hidden", [await rows.account("eve")]);
    await rows.visibility("team", "private");
    await rows.visibility("team/app", "internal");
    await rows.repositories("team/app");
  });
  const body = { subject: "user:ben", pathPattern: "team/**", actions: ["push"], tagPattern: "dev-*" };
  expect((await api.ask("root", "POST /grants", { body })).status).toBe(201);
  const elsewhere = { ...body, subject: "user:eve", pathPattern: "topsecret/**" };
  expect((await api.ask("root", "POST /grants", { body: elsewhere })).status).toBe(201);
});

afterAll(() => api.close());

const explain = (who: string, asked: Record<string, string>) =>
  api.ask(who, `GET /access/explain?${new URLSearchParams(asked).toString()}`);

describe("an explanation", () => {
  test("names the role, whom it was given to and where, and what was looked at", async () => {
    const { json } = await explain("lead", { subject: "user:anna", repository: "team/app", action: "push" });
    expect(json).toEqual({
      isPermitted: true,
      permission: { by: "role", role: "writer", subject: "group:dev", node: "team" },
      obstacle: null,
      subjects: ["user:anna", "group:dev", "source:local", "signed-in"],
      visibility: { value: "internal", origin: "team/app" },
      chain: [
        { node: "team/app", visibility: "internal", roles: [{ subject: "user:anna", role: "reader" }] },
        { node: "team", visibility: "private", roles: [{ subject: "group:dev", role: "writer" }] },
      ],
      grants: [],
    });
  });

  test("names the visibility that is enough, and the grant", async () => {
    const pull = await explain("auditor", { subject: "user:ben", repository: "team/app", action: "pull" });
    expect(pull.json.permission).toEqual({ by: "visibility", visibility: "internal", node: "team/app" });
    const push = await explain("auditor", {
      subject: "user:ben",
      repository: "team/app",
      action: "push",
      tag: "dev-1",
    });
    expect(push.json.permission).toEqual({ by: "grant", grant: 1, subject: "user:ben", pathPattern: "team/**" });
  });

  test.each([
    [{ action: "push", tag: "prod" }, "other-tag"],
    [{ action: "delete" }, "other-action"],
    [{ action: "push", tag: "dev-1", repository: "teams" }, "other-path"],
  ] as const)("says why a grant does not permit %j", async (asked, verdict) => {
    const { json } = await explain("root", { subject: "user:ben", repository: "team/app", ...asked });
    expect({
      isPermitted: json.isPermitted,
      verdicts: json.grants.map((one: { verdict: string }) => one.verdict),
    }).toEqual({
      isPermitted: false,
      verdicts: [verdict],
    });
  });

  test("of an account that can do nothing says so", async () => {
    const { json } = await explain("root", { subject: "user:new", repository: "team/app", action: "pull" });
    expect(json).toMatchObject({
      isPermitted: false,
      obstacle: "password-change-needed",
      permission: { by: "visibility" },
    });
  });

  test("does not tell a maintainer what others have elsewhere", async () => {
    const shown = await explain("lead", { subject: "user:eve", repository: "team/app", action: "push" });
    expect(shown.json).toMatchObject({
      isPermitted: false,
      grants: [],
      subjects: ["user:eve", "source:local", "signed-in"],
    });
    const all = await explain("auditor", { subject: "user:eve", repository: "team/app", action: "push" });
    expect(all.json.subjects).toEqual(["user:eve", "group:hidden", "source:local", "signed-in"]);
    expect(all.json.grants).toMatchObject([{ pathPattern: "topsecret/**", verdict: "other-path" }]);
    const own = await explain("eve", { repository: "team/app", action: "push" });
    expect([own.json.subjects, own.json.grants]).toEqual([all.json.subjects, all.json.grants]);
  });

  test("of a robot is not about all people", async () => {
    const { json } = await explain("lead", { subject: "robot:team+ci", repository: "team/app", action: "pull" });
    expect(json).toMatchObject({ isPermitted: false, subjects: ["robot:team+ci"] });
  });

  test("is given of oneself, as far as one sees", async () => {
    const own = await explain("ben", { repository: "team/app", action: "pull" });
    expect(own.json).toMatchObject({ isPermitted: true, chain: [{ node: "team/app" }, { node: "team" }] });
    const unseen = await explain("new-comer", { repository: "team/app", action: "pull" });
    expect(unseen.status).toBe(401);
  });

  test("of what one may not see is as of what is not there", async () => {
    const hidden = await explain("anna", { repository: "secret", action: "pull" });
    await api.given((rows) => rows.repositories("secret"));
    await api.given((rows) => rows.visibility("secret", "private"));
    const there = await explain("anna", { repository: "secret", action: "pull" });
    expect(hidden.status).toBe(200);
    expect(there.json).toEqual(hidden.json);
  });

  test("of grants is asked for without learning who there is", async () => {
    const listed = async (who: string, subject: string) =>
      (await api.ask(who, `GET /grants?subject=${subject}`)).status;
    for (const subject of ["user:ben", "user:nobody", "group:hidden", "group:none", "robot:team+none"])
      expect(await listed("anna", subject)).toBe(200);
    expect(await listed("auditor", "user:nobody")).toBe(404);
    expect(await listed("anna", "nobody")).toBe(400);
  });

  test("of others is given to nobody else, nor whether there are such", async () => {
    const known = await explain("anna", { subject: "user:ben", repository: "team/app", action: "pull" });
    const unknown = await explain("anna", { subject: "user:nobody", repository: "team/app", action: "pull" });
    expect([known.status, unknown.status]).toEqual([403, 403]);
    const missing = await explain("root", { subject: "user:nobody", repository: "team/app", action: "pull" });
    expect(missing.status).toBe(404);
  });

  test("of nobody is what everybody may do", async () => {
    const { json } = await explain("root", { subject: "anonymous", repository: "team/app", action: "pull" });
    expect(json).toMatchObject({ isPermitted: false, subjects: [], permission: null });
  });
});
