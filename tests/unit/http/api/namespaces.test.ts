import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type ApiUnderTest, nextOf, openApi } from "./api-under-test.ts";

let api: ApiUnderTest;
const ids = new Map<string, number>();

beforeAll(async () => {
  api = await openApi();
  await api.given(async (rows) => {
    for (const name of ["owner", "maintainer", "writer", "reader", "stranger", "granted", "settler"])
      ids.set(name, await rows.account(name));
    for (const role of ["owner", "maintainer", "writer", "reader"] as const)
      await rows.role("team", ids.get(role) ?? 0, role);
    await rows.account("auditor", { systemRole: "auditor" });
    await rows.account("root", { systemRole: "administrator" });
    await rows.role("team/hidden/inner", ids.get("settler") ?? 0, "reader");
    await rows.repositories("team/app", "team/app/api", "team/app-b", "team/hidden/inner/x", "open/tool", "secret/a");
    await rows.visibility("open", "public");
    await rows.visibility("team", "private");
  });
  const grant = { subject: "user:granted", pathPattern: "**/api", actions: ["pull"] };
  expect((await api.ask("root", "POST /grants", { body: grant })).status).toBe(201);
});

afterAll(() => api.close());

const listed = async (who: string, query = "") => {
  const { status, json } = await api.ask(who, `GET /namespaces${query}`);
  return status === 200 ? json.items.map((node: { path: string }) => node.path) : status;
};

describe("the namespaces that are listed", () => {
  test.each([
    ["root", "", ["open", "secret", "team"]],
    ["auditor", "", ["open", "secret", "team"]],
    ["reader", "", ["open", "team"]],
    ["stranger", "", ["open"]],
    ["settler", "", ["open", "team"]],
    ["settler", "?parent=team", ["team/hidden"]],
    ["granted", "", ["open", "team"]],
    ["granted", "?parent=team", ["team/app"]],
    ["reader", "?parent=team", ["team/app", "team/app-b", "team/hidden"]],
    ["stranger", "?parent=team", 404],
    ["reader", "?parent=nothing", 404],
    ["", "", 401],
  ])("by %s%s are those that may be seen", async (who, query, expected) =>
    expect(await listed(who, query)).toEqual(expected),
  );

  test("come in pages, each once", async () => {
    const seen: string[] = [];
    let asked = "GET /namespaces?parent=team&limit=1";
    for (let pages = 0; pages < 10; pages++) {
      const { headers, json } = await api.ask("reader", asked);
      seen.push(...json.items.map((node: { path: string }) => node.path));
      const next = nextOf({ headers });
      if (next === undefined) break;
      asked = `GET ${next}`;
    }
    expect(seen).toEqual(["team/app", "team/app-b", "team/hidden"]);
  });

  test("are each there once, also where a neighbour sorts in between", async () => {
    await api.given((rows) => rows.repositories("mix/a-b", "mix/a/x", "mix/a.c", "mix/b", "mix/b-c", "mix/b/x"));
    expect(await listed("root", "?parent=mix")).toEqual(["mix/a-b", "mix/a.c", "mix/a", "mix/b", "mix/b-c"]);
  });
});

test("namespaces that are not seen hold up nobody", async () => {
  const many = await openApi();
  await many.given(async (rows) => {
    await rows.account("outsider");
    const guest = await rows.account("guest");
    const granted = await rows.account("granted");
    for (let count = 0; count < 300; count++) await rows.visibility(`n${count}`, "private");
    await rows.visibility("n7/open", "public");
    await rows.role("n9/team", guest, "reader");
    await rows.repositories("n20/x/app", "n21/y/app", ...Array.from({ length: 500 }, (_, count) => `hidden/r${count}`));
    await rows.grant(granted, "*/x/app");
  });
  const [asked, turns] = [{ done: false }, { taken: 0 }];
  const others = async () => {
    for (; !asked.done; turns.taken++) await new Promise(setImmediate);
  };
  const listed = async (who: string, query = "") =>
    (await many.ask(who, `GET /namespaces${query}`)).json.items.map(({ path }: { path: string }) => path);
  expect(await listed("outsider")).toEqual(["n7"]);
  expect(await listed("guest")).toEqual(["n7", "n9"]);
  expect(await listed("guest", "?parent=n9")).toEqual(["n9/team"]);
  const first = await many.ask("guest", "GET /namespaces?limit=1");
  const next = /after=([^>]*)>/.exec(first.headers.get("link") ?? "")?.[1];
  expect(await listed("guest", `?after=${next}`)).toEqual(["n9"]);
  const running = others();
  expect(await listed("granted")).toEqual(["n20", "n7"]);
  asked.done = true;
  await running;
  expect(turns.taken).toBeGreaterThanOrEqual(2);
  await many.close();
});

describe("a namespace", () => {
  test("has its settings from the nearest node that says so", async () => {
    const { json } = await api.ask("reader", "GET /namespaces/team%2Fapp");
    expect(json).toEqual({
      path: "team/app",
      settings: { visibility: { value: "private", origin: "team" } },
      hasRules: false,
    });
    const root = await api.ask("stranger", "GET /namespaces/_root");
    expect(root.json).toEqual({
      path: "",
      settings: { visibility: { value: "private", origin: null } },
      hasRules: false,
    });
  });

  test.each(["reader", "stranger", "granted", "settler", "auditor"])(
    "that is not there is not there for %s",
    async (who) => {
      const missing = await api.ask(who, "GET /namespaces/team%2Fmissing");
      expect(missing.status).toBe(404);
    },
  );

  test("that one may not see is as one that is not there", async () => {
    const hidden = await api.ask("stranger", "GET /namespaces/secret");
    const missing = await api.ask("stranger", "GET /namespaces/missed");
    expect(hidden.json).toEqual(JSON.parse(JSON.stringify(missing.json).replaceAll("missed", "secret")));
    for (const asked of ["PUT", "DELETE"]) {
      const body = asked === "PUT" ? { visibility: "public" } : undefined;
      const one = await api.ask("stranger", `${asked} /namespaces/secret`, { body });
      const other = await api.ask("stranger", `${asked} /namespaces/missed`, { body });
      expect({ status: one.status, json: one.json }).toEqual({ status: 404, json: other.json });
    }
  });

  test.each([
    ["writer", 403],
    ["auditor", 403],
    ["maintainer", 200],
  ])("is changed by %s: %p", async (who, status) => {
    const asked = await api.ask(who, "PUT /namespaces/team%2Fapp", { body: { visibility: "internal" } });
    expect(asked.status).toBe(status);
  });

  test("is begun by who may, and removed by them", async () => {
    const body = { visibility: "internal" };
    expect((await api.ask("maintainer", "PUT /namespaces/team%2Fnew", { body })).status).toBe(403);
    expect(
      (await api.ask("maintainer", "PUT /namespaces/team%2Fnew/members/user:reader", { body: { role: "reader" } }))
        .status,
    ).toBe(403);
    expect((await api.ask("owner", "PUT /namespaces/team%2Fnew", { body })).status).toBe(200);
    expect((await api.ask("maintainer", "DELETE /namespaces/team%2Fnew")).status).toBe(403);
    expect((await api.ask("owner", "DELETE /namespaces/team%2Fnew")).status).toBe(204);
    expect((await api.ask("owner", "GET /namespaces/team%2Fnew")).status).toBe(404);
    expect((await api.ask("owner", "PUT /namespaces/other", { body })).status).toBe(404);
  });

  test("leaves on record who changed what", async () => {
    const acts = await api.listActs();
    expect(acts.filter(({ act }) => act.startsWith("namespace."))).toEqual([
      {
        act: "namespace.update",
        actor: "maintainer",
        target: "team/app",
        detail: { visibility: "internal", before: null },
      },
      { act: "namespace.update", actor: "owner", target: "team/new", detail: { visibility: "internal", before: null } },
      {
        act: "namespace.delete",
        actor: "owner",
        target: "team/new",
        detail: { visibility: "internal", members: {}, settings: {} },
      },
    ]);
  });

  test("of which nothing is said any more is there no longer", async () => {
    const set = (visibility: string | null) =>
      api.ask("owner", "PUT /namespaces/team%2Fghost", { body: { visibility } });
    expect((await set("internal")).json.hasRules).toBe(true);
    const { status, json } = await set(null);
    expect({ status, json }).toEqual({
      status: 200,
      json: { path: "team/ghost", settings: { visibility: { value: "private", origin: "team" } }, hasRules: false },
    });
    expect((await api.ask("owner", "GET /namespaces/team%2Fghost")).status).toBe(404);
  });
});
