import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { ensureRepository, putManifest, putTag } from "../../../../src/metadata/index.ts";
import { digestOf, parseManifest, type RepositoryName, type Tag } from "../../../../src/oci/index.ts";
import { contentOf, imageManifest } from "../../../support/oci-content.ts";
import { type ApiUnderTest, nextOf, openApi } from "./api-under-test.ts";

let api: ApiUnderTest;

beforeAll(async () => {
  api = await openApi();
  await api.given(async (rows) => rows.role("team", await rows.account("maintainer"), "maintainer"));
  await pushTags("team", ["x"]);
  await pushTags("team/a", ["v1", "v2", "v3"]);
  await pushTags("team/b", ["v1", "v2"]);
  await pushTags("teams", ["v1"]);
  await put("team", [{ tags: ["v*"], newest: 2 }]);
});

afterAll(() => api.close());

const put = (node: string, value: unknown) =>
  api.ask("maintainer", `PUT /namespaces/${encodeURIComponent(node)}/settings/retention`, { body: { value } });

async function pushTags(name: string, tags: readonly string[]): Promise<void> {
  const { bytes: body } = imageManifest({ config: contentOf("{}"), layers: [] });
  const manifest = parseManifest(body, "application/vnd.oci.image.manifest.v1+json");
  await api.metadata.transaction(async (queries) => {
    const repositoryId = await ensureRepository(queries, name as RepositoryName, 1);
    const entry = { repositoryId, digest: digestOf(body), manifest, body, createdAtMs: 1 };
    const { id: manifestId } = await putManifest(queries, entry);
    for (const [index, tag] of tags.entries())
      await putTag(queries, { repositoryId, tag: tag as Tag, manifestId, nowMs: index * 1000 });
  });
}

interface Page {
  readonly items: readonly { repository: string; tag: string; verdict: string; reason: string }[];
}

async function listed(node: string, query = ""): Promise<readonly string[]> {
  const seen: string[] = [];
  let asked: string | undefined = `GET /namespaces/${encodeURIComponent(node)}/retention${query}`;
  while (asked !== undefined) {
    const { status, headers, json } = await api.ask("maintainer", asked);
    expect(status).toBe(200);
    for (const { repository, tag, verdict } of (json as Page).items) seen.push(`${repository}:${tag} ${verdict}`);
    const next: string | undefined = nextOf({ headers });
    asked = next === undefined ? undefined : `GET ${next}`;
  }
  return seen;
}

const ALL = ["team:x goes", "team/a:v1 goes", "team/a:v2 kept", "team/a:v3 kept", "team/b:v1 kept", "team/b:v2 kept"];

describe("what becomes of tags", () => {
  test("is told of a node with all below it, and of a repository", async () => {
    expect(await listed("team")).toEqual(ALL);
    expect(await listed("team/a")).toEqual(ALL.slice(1, 4));
    const { json } = await api.ask("maintainer", "GET /namespaces/team%2Fa/retention");
    expect(json.items[0]).toMatchObject({
      pushedAt: "1970-01-01T00:00:00.000Z",
      expiresAt: null,
      reason: "rule 1 of team does not keep it",
    });
  });

  test.each([1, 2, 3, 5])("comes in pages of %d", async (limit) =>
    expect(await listed("team", `?limit=${limit}`)).toEqual(ALL),
  );

  test("may be asked of those alone that go", async () =>
    expect(await listed("team", "?verdict=goes&limit=1")).toEqual(ALL.slice(0, 2)));

  test("may be tried with other rules, as if the node said them", async () => {
    const rules = encodeURIComponent(JSON.stringify([{ newest: 1 }]));
    await put("team/b", [{}]);
    const going = ["team/a:v1 goes", "team/a:v2 goes"];
    expect(await listed("team", `?verdict=goes&rules=${rules}`)).toEqual(going);
    expect(await listed("team", "?verdict=goes")).toEqual(ALL.slice(0, 2));
  });

  test.each(["?rules=%5B", "?rules=7", "?rules=%5B%7B%22newest%22%3A0%7D%5D", "?verdict=perhaps", "?limit=0"])(
    "cannot be asked by %s",
    async (query) => expect((await api.ask("maintainer", `GET /namespaces/team/retention${query}`)).status).toBe(400),
  );

  test("is not told of a node that is not there", async () =>
    expect((await api.ask("maintainer", "GET /namespaces/team%2Fnone/retention")).status).toBe(404));
});

describe("what rules would have done", () => {
  const simulation = (node: string, query = "") =>
    api.ask("maintainer", `GET /namespaces/${encodeURIComponent(node)}/retention/simulation${query}`);

  test("is told of a node, with what is not known of it", async () => {
    const rules = encodeURIComponent(JSON.stringify([{ newest: 1 }]));
    const { status, json } = await simulation("team/a", `?rules=${rules}&every=12h`);
    expect(status).toBe(200);
    expect(json.items).toMatchObject([
      { repository: "team/a", tag: "v1", afterwards: "nothing", backAt: null, detail: null },
      { repository: "team/a", tag: "v2", reason: "rule 1 of team/a does not keep it" },
    ]);
  });

  test.each(["?since=2999-01-01T00:00:00Z", "?since=soon", "?every=1s", "?every=0s", "?every=often", "?rules=7"])(
    "cannot be asked by %s",
    async (query) => expect((await simulation("team", query)).status).toBe(400),
  );

  test("is not asked for where it would take minutes, but may be of less", async () => {
    await pushTags(
      "many/tags",
      Array.from({ length: 1200 }, (_, index) => `t${index}`),
    );
    await api.given(async (rows) => void (await rows.account("auditor", { systemRole: "auditor" })));
    const rules = JSON.stringify(
      [{ tags: Array.from({ length: 100 }, () => "*a*b") }].flatMap((rule) => Array(5).fill(rule)),
    );
    const ask = (every: string) =>
      api.ask(
        "auditor",
        `GET /namespaces/many/retention/simulation?limit=1&every=${every}&rules=${encodeURIComponent(rules)}`,
      );
    expect(await ask("2h")).toMatchObject({
      status: 400,
      json: { detail: expect.stringContaining("1200 tags of many/tags, 500 patterns and 361 times") },
    });
    expect((await ask("10d")).status).toBe(200);
  });

  test("is not told of a node that is not there", async () => expect((await simulation("team/none")).status).toBe(404));
});
