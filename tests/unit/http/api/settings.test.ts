import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type ApiUnderTest, openApi } from "./api-under-test.ts";

let api: ApiUnderTest;

beforeAll(async () => {
  api = await openApi();
  await api.given(async (rows) => {
    for (const role of ["owner", "maintainer"] as const) await rows.role("team", await rows.account(role), role);
    await rows.account("root", { systemRole: "administrator" });
    await rows.role("team/app", await rows.account("inner"), "maintainer");
    await rows.repositories("team/app/api");
  });
});

afterAll(() => api.close());

const put = (node: string, setting: string, value: unknown, who = "maintainer") =>
  api.ask(who, `PUT /namespaces/${encodeURIComponent(node)}/settings/${setting}`, { body: { value } });
const listed = async (node: string, who = "maintainer") =>
  (await api.ask(who, `GET /namespaces/${encodeURIComponent(node)}/settings`)).json.items;

describe("a setting", () => {
  test("holds for all below until a node says something else, as a whole", async () => {
    expect(await listed("team/app/api")).toEqual([]);
    expect((await put("team", "immutable-tags", ["v*", "release-*"])).json).toEqual({
      name: "immutable-tags",
      value: ["v*", "release-*"],
      origin: "team",
    });
    await put("team", "protected", true);
    await put("team/app", "immutable-tags", ["v1.*"]);
    expect(await listed("team/app/api")).toEqual([
      { name: "immutable-tags", value: ["v1.*"], origin: "team/app" },
      { name: "protected", value: true, origin: "team" },
    ]);
    expect(await listed("team")).toContainEqual({
      name: "immutable-tags",
      value: ["v*", "release-*"],
      origin: "team",
    });
  });

  test("is taken back where it was said", async () => {
    const remove = () => api.ask("maintainer", "DELETE /namespaces/team%2Fapp/settings/immutable-tags");
    expect((await remove()).status).toBe(204);
    expect(await remove()).toMatchObject({
      status: 404,
      json: { detail: "team/app says nothing of immutable-tags itself" },
    });
    expect(await listed("team/app/api")).toContainEqual({
      name: "immutable-tags",
      value: ["v*", "release-*"],
      origin: "team",
    });
  });

  test("is changed only if it is as the client saw it", async () => {
    const seen = await api.ask("maintainer", "GET /namespaces/team/settings/protected");
    const change = (etag: string | null, value: boolean) =>
      api.ask("maintainer", "PUT /namespaces/team/settings/protected", {
        body: { value },
        headers: { "if-match": etag ?? "" },
      });
    expect((await change(seen.headers.get("etag"), false)).status).toBe(200);
    expect((await change(seen.headers.get("etag"), true)).status).toBe(412);
    expect((await api.ask("maintainer", "GET /namespaces/team/settings/protected")).json.value).toBe(false);
  });

  test("that nobody says is not there", async () =>
    expect((await api.ask("maintainer", "GET /namespaces/team/settings/retention")).status).toBe(404));

  test("begins a node, for who may, that is there until it says nothing any more", async () => {
    expect((await put("team/new", "protected", true)).status).toBe(403);
    expect((await put("team/new", "protected", true, "owner")).status).toBe(200);
    expect((await api.ask("owner", "GET /namespaces/team%2Fnew")).json).toMatchObject({ hasRules: true });
    const children = await api.ask("owner", "GET /namespaces?parent=team");
    expect(children.json.items.map(({ path }: { path: string }) => path)).toEqual(["team/app", "team/new"]);
    expect((await api.ask("owner", "DELETE /namespaces/team%2Fnew")).status).toBe(204);
    expect((await api.ask("owner", "GET /namespaces/team%2Fnew")).status).toBe(404);
    expect((await put("team/new", "protected", false, "owner")).json.value).toBe(false);
    await api.ask("owner", "DELETE /namespaces/team%2Fnew/settings/protected");
    expect((await api.ask("owner", "GET /namespaces/team%2Fnew")).status).toBe(404);
  });

  test("is for who may write settings there", async () => {
    expect((await put("team", "protected", true, "inner")).status).toBe(404);
    expect((await put("team/app", "protected", false, "inner")).status).toBe(200);
  });

  test("is on record, with what it was before", async () => {
    const acts = (await api.listActs()).filter(({ act }) => act.startsWith("setting."));
    expect(acts.slice(0, 4)).toEqual([
      {
        act: "setting.put",
        actor: "maintainer",
        target: "team",
        detail: { setting: "immutable-tags", value: ["v*", "release-*"], before: null },
      },
      {
        act: "setting.put",
        actor: "maintainer",
        target: "team",
        detail: { setting: "protected", value: true, before: null },
      },
      expect.objectContaining({ target: "team/app" }),
      {
        act: "setting.remove",
        actor: "maintainer",
        target: "team/app",
        detail: { setting: "immutable-tags", value: ["v1.*"] },
      },
    ]);
  });
});

describe("what a setting cannot be", () => {
  test.each([
    ["immutable-tags", "v*", "body.value"],
    ["immutable-tags", ["v[0-9]"], "body.value.0"],
    ["immutable-tags", Array.from({ length: 101 }, () => "v*"), "body.value"],
    ["protected", "yes", "body.value"],
    ["untagged", { rule: "remove", after: "7 days" }, "body.value.after"],
    ["untagged", { rule: "remove", window: "7d" }, "body.value.window"],
    ["retention", [{ newest: 0 }], "body.value.0.newest"],
    ["retention", [{ tags: [] }], "body.value.0.tags"],
    ["retention", [{ pushedWithin: "-1d" }], "body.value.0.pushedWithin"],
  ])("%s: %j", async (setting, value, field) => {
    const { status, json } = await put("team", setting, value);
    expect(status).toBe(400);
    expect(json.errors[0].field).toBe(field);
  });

  test("rules with more patterns than tags can be held against while others wait", async () => {
    const rules = (count: number) => Array.from({ length: count }, () => ({ tags: Array<string>(100).fill("v*") }));
    expect((await put("team", "retention", rules(5))).status).toBe(200);
    expect((await put("team", "retention", rules(6))).json.errors[0].field).toBe("body.value");
  });

  test("a name that there is none of", async () => {
    expect((await put("team", "immutable", true)).status).toBe(405);
    expect((await api.ask("maintainer", "GET /namespaces/team/settings/immutable")).status).toBe(400);
  });
});

describe("a quota", () => {
  const quota = (node: string, value: unknown, who?: string) => put(node, "quota", value, who);

  test("limits something", async () => {
    expect((await quota("team/app", { bytes: 10, tags: null })).json.value).toEqual({ bytes: 10, tags: null });
    for (const value of [{}, { bytes: null }, { bytes: -1 }, { tags: 1.5 }, { manifests: 1 }, 5])
      expect((await quota("team/app", value)).status).toBe(400);
  });

  test("is said, and taken back in any way, by who may say settings of the node above", async () => {
    const denied = { status: 403, json: { detail: expect.stringContaining("who may say settings of team") } };
    expect(await quota("team/app", { bytes: 99 }, "inner")).toMatchObject(denied);
    expect(await api.ask("inner", "DELETE /namespaces/team%2Fapp/settings/quota")).toMatchObject(denied);
    expect((await quota("team", { bytes: 99 }, "owner")).json.detail).toBe(
      "the quota of team is for those to say who may say settings of the root",
    );
    expect((await quota("team", { bytes: 99 }, "root")).status).toBe(200);
    expect((await api.ask("owner", "DELETE /namespaces/team")).json.detail).toContain("the quota of team is for those");
    expect((await api.ask("owner", "GET /namespaces/team%2Fapp/quota")).json.items).toEqual([
      { path: "team", limits: { bytes: 99 }, uses: { bytes: 0, tags: 0, repositories: 1 } },
      { path: "team/app", limits: { bytes: 10, tags: null }, uses: { bytes: 0, tags: 0, repositories: 1 } },
    ]);
    expect((await api.ask("maintainer", "DELETE /namespaces/team%2Fapp/settings/quota")).status).toBe(204);
    expect((await api.ask("owner", "GET /namespaces/team%2Fapp/quota")).json.items).toHaveLength(1);
  });
});

describe("where two decide about deletes", () => {
  test("what goes by itself is for those to say who could lift that, in any way", async () => {
    expect((await put("team/app", "kept-tags", ["v*"], "maintainer")).status).toBe(200);
    expect((await put("team", "delete-approval", { required: true }, "root")).status).toBe(200);
    const denied = { status: 403, json: { detail: expect.stringContaining("who may take that back") } };
    for (const [node, setting, value] of [
      ["team", "retention", [{ tags: ["none"] }]],
      ["team/app", "retention", [{ tags: ["none"] }]],
      ["team", "untagged", { rule: "remove", after: "0s" }],
      ["team/app", "kept-tags", []],
      ["team/app", "keep-labels", []],
    ] as const)
      expect(await put(node, setting, value, "owner")).toMatchObject(denied);
    expect(await api.ask("owner", "DELETE /namespaces/team%2Fapp/settings/kept-tags")).toMatchObject(denied);
    expect(await api.ask("owner", "DELETE /namespaces/team%2Fapp")).toMatchObject(denied);
    expect((await put("team", "immutable-tags", ["v*"], "owner")).status).toBe(200);
    expect((await put("team", "retention", [{ newest: 10 }], "root")).status).toBe(200);
  });
});
