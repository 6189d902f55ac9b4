import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { findRepositoryId, putNodeSetting } from "../../../../src/metadata/index.ts";
import type { RepositoryName } from "../../../../src/oci/index.ts";
import { type ApiUnderTest, openApi } from "./api-under-test.ts";

let api: ApiUnderTest;
beforeEach(async () => {
  api = await openApi();
  await api.given(async (rows) => {
    const anna = await rows.account("anna");
    for (const path of ["team", "open"]) await rows.role(path, anna, "maintainer");
    const ben = await rows.account("ben");
    await rows.role("team", ben, "writer");
    await rows.grant(await rows.account("cleaner"), "**", { actions: ["pull", "push", "delete"] });
    await rows.account("auditor", { systemRole: "auditor" });
    await rows.visibility("open", "public");
    await rows.repositories("team/app", "team/deep/app", "open/taken");
  });
});
afterEach(() => api.close());

const move = (who: string, body: object) => api.ask(who, "POST /moves", { body });
const say = (path: string, name: string, value: unknown) =>
  api.metadata.transaction((queries) => putNodeSetting(queries, { path, name, value, nowMs: 1 }));
const isThere = async (name: string) =>
  (await findRepositoryId(api.metadata.reads, name as RepositoryName)) !== undefined;

describe("a move", () => {
  test("is done, told with its redirect, and on record", async () => {
    const { status, json } = await move("anna", { from: "team/app", to: "team/api" });
    expect([status, json]).toEqual([
      200,
      { from: "team/app", to: "team/api", redirectUntil: "2026-01-31T00:00:00.000Z", changes: [] },
    ]);
    expect(await api.listActs()).toMatchObject([
      { act: "repository.move", actor: "anna", target: "team/app", detail: { to: "team/api" } },
    ]);
    expect((await api.ask("anna", "GET /redirects")).json.items).toMatchObject([
      { from: "team/app", to: "team/api", actor: null },
    ]);
    expect((await api.ask("auditor", "GET /redirects")).json.items).toMatchObject([{ actor: "anna" }]);
    expect((await api.ask("anna", "DELETE /redirects/team%2Fapp")).status).toBe(204);
    expect((await api.ask("anna", "DELETE /redirects/team%2Fapp")).status).toBe(404);
    expect((await api.ask("anna", "GET /redirects")).json.items).toEqual([]);
  });

  test("is told to who asks for the old name, if they may see the new one", async () => {
    await move("cleaner", { from: "team/app", to: "hidden/app" });
    const asked = async (who: string) => (await api.ask(who, "GET /repositories/team%2Fapp/tags")).json.detail;
    expect(await asked("cleaner")).toBe("team/app has another name now: ask for hidden/app");
    expect(await asked("ben")).toBe("there is no repository team/app");
  });

  test("does not let more in unless that is accepted", async () => {
    const refused = await move("anna", { from: "team/app", to: "open/app" });
    expect([refused.status, refused.json.detail]).toEqual([
      409,
      'other rules would hold for team/app: visibility is "private" now and would be "public": move it with acceptChanges if ' +
        "that is meant",
    ]);
    expect(await isThere("team/app")).toBe(true);
    expect((await move("anna", { from: "team/app", to: "open/app", acceptChanges: true })).json.changes).toEqual([
      { rule: "visibility", before: "private", after: "public", needsConsent: true },
    ]);
    const back = await move("anna", { from: "open/app", to: "team/app", redirectDays: 0 });
    expect([back.status, back.json.redirectUntil]).toEqual([200, null]);
  });

  test("does not lose settings unless that is accepted, nor immutable tags for who could not take them back", async () => {
    await say("team", "immutable-tags", ["v*"]);
    expect((await move("anna", { from: "team/app", to: "open/app" })).json.detail).toContain(
      'immutable-tags is ["v*"]',
    );
    const body = { from: "team/app", to: "open/app", acceptChanges: true };
    expect((await move("cleaner", body)).status).toBe(403);
    // Within the same rules its name would be free for other content, too.
    expect((await move("cleaner", { from: "team/app", to: "team/api", redirectDays: 0 })).status).toBe(403);
    expect((await move("anna", body)).status).toBe(200);
  });

  test("leaves a rule of two only for who could lift that, or to one that is not theirs to lift", async () => {
    const [two, one] = [{ required: true }, { required: false }];
    await api.given((rows) => rows.repositories("team/below/app"));
    await say("team", "delete-approval", two);
    const away = { from: "team/app", to: "open/app", acceptChanges: true };
    expect(await move("anna", away)).toMatchObject({
      status: 403,
      json: { detail: expect.stringContaining("second") },
    });
    // What a node below says lifts nothing.
    await say("team/below", "delete-approval", one);
    await say("open", "delete-approval", one);
    expect((await move("anna", { from: "team/below/app", to: "open/app", acceptChanges: true })).status).toBe(403);
    await say("open/mine", "delete-approval", two);
    expect((await move("anna", { from: "team/app", to: "open/mine/app", acceptChanges: true })).status).toBe(403);
    expect((await move("anna", { from: "team/app", to: "team/below/other" })).status).toBe(409);
    expect((await move("anna", { from: "team/app", to: "team/api" })).status).toBe(200);
    await say("open", "delete-approval", two);
    expect((await move("anna", { from: "team/api", to: "open/app", acceptChanges: true })).status).toBe(200);
    await say("open", "delete-approval", one);
    await api.given(async (rows) => void (await rows.account("root", { systemRole: "administrator" })));
    expect((await move("root", { from: "team/below/app", to: "open/below", acceptChanges: true })).status).toBe(200);
  });

  test("does not tell settings of a namespace that are not for who moves to see", async () => {
    await say("open", "kept-tags", ["secret-*"]);
    await api.given(async (rows) => {
      const third = await rows.account("third");
      await rows.grant(third, "open/**", { actions: ["push"] });
      await rows.role("own", third, "maintainer");
      await rows.repositories("own/app");
    });
    const { json } = await api.ask("third", "GET /moves/preview?from=own/app&to=open/own");
    expect(json.items[0].changes).toContainEqual({
      rule: "kept-tags",
      before: null,
      after: "not for you to see",
      needsConsent: true,
    });
    const refused = await move("third", { from: "own/app", to: "open/own" });
    expect([refused.status, JSON.stringify(refused.json)]).toEqual([409, expect.not.stringContaining("secret")]);
    expect(
      (await api.ask("anna", "GET /moves/preview?from=team/app&to=open/own")).json.items[0].changes,
    ).toContainEqual(expect.objectContaining({ after: ["secret-*"] }));
  });

  test.each([
    ["ben", "team/app", "team/api", 403],
    ["anna", "team/app", "else/api", 403],
    ["anna", "team/gone", "team/api", 404],
    ["anna", "open/taken", "team/app", 409],
    ["anna", "team/app", "Team/api", 400],
    ["ben", "open/hidden", "team/api", 403],
    ["ben", "else/app", "team/api", 404],
  ])("of %s from %s to %s is answered with %d", async (who, from, to, status) => {
    expect((await move(who, { from, to, acceptChanges: true })).status).toBe(status);
  });

  test("is refused in read-only mode", async () => {
    api.registryOptions.readOnly = true;
    expect((await move("anna", { from: "team/app", to: "team/api" })).status).toBe(405);
  });
});

describe("a redirect", () => {
  test("is ended by who has the old name, too, who need not know where it leads", async () => {
    await api.given(async (rows) => {
      const leaver = await rows.account("leaver");
      await rows.role("team", leaver, "maintainer");
      await rows.role("own", leaver, "maintainer");
      await rows.role("team", await rows.account("reader"), "reader");
    });
    expect((await move("leaver", { from: "team/app", to: "own/app", redirectDays: 3650 })).status).toBe(200);
    const end = (who: string) => api.ask(who, "DELETE /redirects/team%2Fapp");
    for (const who of ["ben", "reader", "auditor"])
      expect([who, (await end(who)).status]).toEqual([who, who === "auditor" ? 403 : 404]);
    expect((await end("anna")).status).toBe(204);
    expect((await end("leaver")).status).toBe(404);
  });
});

describe("a preview", () => {
  const preview = (query: string) => api.ask("anna", `GET /moves/preview?${query}`);

  test("names all below a namespace, with what stands in the way and what would be another", async () => {
    await api.given((rows) => rows.repositories("open/new/deep/app"));
    const { json } = await preview("from=team&to=open/new&below=true");
    expect(json.items).toEqual([
      {
        from: "team/app",
        to: "open/new/app",
        changes: [{ rule: "visibility", before: "private", after: "public", needsConsent: true }],
        problem: null,
      },
      {
        from: "team/deep/app",
        to: "open/new/deep/app",
        changes: [],
        problem: expect.stringContaining("there is a repository open/new/deep/app already"),
      },
    ]);
  });

  test("of a namespace into itself is refused", async () => {
    expect((await preview("from=team&to=team/sub&below=true")).status).toBe(409);
    expect((await preview("from=team/deep&to=team&below=true")).status).toBe(409);
  });
});

test("the old name leads on for as long as is said for it, unless who moves it says more", async () => {
  await say("team", "redirect", { days: 2 });
  await say("open", "redirect", { days: 9 });
  const first = await move("anna", { from: "team/app", to: "open/app", acceptChanges: true });
  expect([first.status, first.json.redirectUntil]).toEqual([200, "2026-01-03T00:00:00.000Z"]);
  const second = await move("anna", { from: "team/deep/app", to: "team/other", redirectDays: 0 });
  expect([second.status, second.json.redirectUntil]).toEqual([200, null]);
  // That it is another one there is told, and no reason to ask.
  await say("team/last", "redirect", { days: 0 });
  const third = await move("anna", { from: "team/other", to: "team/last/app" });
  expect([third.status, third.json.redirectUntil]).toEqual([200, "2026-01-03T00:00:00.000Z"]);
  expect(third.json.changes).toMatchObject([{ rule: "redirect", needsConsent: false }]);
});

test("what a quota has no room for is counted", async () => {
  await say("open", "quota", { repositories: 0 });
  expect((await move("anna", { from: "team/app", to: "open/app", acceptChanges: true })).status).toBe(403);
  expect(api.quotaRefusals.untold()).toMatchObject([{ repository: "open/app", times: 1, level: { node: "open" } }]);
});

describe("a renaming of many", () => {
  const rename = (who: string, body: object) => api.ask(who, "POST /renames", { body });

  test("is a job of who has asked for it", async () => {
    const { status, headers, json } = await rename("anna", { from: "team", to: "crew", redirectDays: 1 });
    expect([status, headers.get("location"), json.kind, json.requestedBy]).toEqual([403, null, undefined, undefined]);
    await api.given(async (rows) => rows.role("crew", 1, "writer"));
    const begun = await rename("anna", { from: "team", to: "crew", redirectDays: 1 });
    expect([begun.status, begun.headers.get("location"), begun.json.kind]).toEqual([
      201,
      "/api/v1/renames/1",
      "rename",
    ]);
    expect(begun.json.input).toMatchObject({ from: "team", to: "crew", redirectDays: 1, acceptChanges: false });
    expect((await rename("anna", { from: "team", to: "crew" })).status).toBe(409);
    expect((await api.ask("ben", "GET /renames/1")).status).toBe(404);
    expect((await api.ask("anna", "GET /deletions/1")).status).toBe(404);
    expect((await api.ask("auditor", "POST /renames/1/cancel")).status).toBe(404);
    expect((await api.ask("anna", "POST /renames/1/cancel")).json).toMatchObject({ state: "cancelled" });
    expect((await api.listActs()).map(({ act }) => act)).toEqual(["repository.move", "job.cancel"]);
  });

  test.each([
    ["anna", { from: "team", to: "team/below" }, 409],
    ["anna", { from: "nobody", to: "crew" }, 404],
    ["ben", { from: "team", to: "crew" }, 403],
    ["anna", { from: "team", to: "open", redirectDays: -1 }, 400],
    ["anna", { from: "Team", to: "open" }, 400],
  ])("is refused: %s, %j", async (who, body, status) => {
    expect((await rename(who, body)).status).toBe(status);
  });
});
