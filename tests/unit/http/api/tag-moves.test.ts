import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { moveTagAs } from "../../../../src/app/act-as.ts";
import {
  ensureRepository,
  findJob,
  listTags,
  putManifest,
  putNodeSetting,
  putTag,
} from "../../../../src/metadata/index.ts";
import { OCI_IMAGE_INDEX, parseManifest, type RepositoryName, type Tag } from "../../../../src/oci/index.ts";
import type { Registry } from "../../../../src/registry/index.ts";
import { tagMoveWork } from "../../../../src/upkeep/index.ts";
import { imageIndex } from "../../../support/oci-content.ts";
import { logTo } from "../../http/health/log-to.ts";
import { attempt } from "../../upkeep/attempt.ts";
import { type ApiUnderTest, nextOf, openApi } from "./api-under-test.ts";

let api: ApiUnderTest;
beforeEach(async () => {
  api = await openApi();
  await api.given(async (rows) => {
    await rows.role("team", await rows.account("maintainer"), "maintainer");
    await rows.role("team", await rows.account("writer"), "writer");
    const ci = await rows.account("ci");
    await rows.grant(ci, "team/app", { tagPattern: "pr-*", actions: ["pull", "tag:delete"] });
    await rows.grant(ci, "team/app-pr", { actions: ["push"] });
    await rows.grant(await rows.account("blind"), "team/*", { actions: ["delete", "push"] });
  });
  await push("team/app", "pr-1", "pr-2", "v1");
  await push("team/app-pr", "pr-2");
});
afterEach(() => api.close());

/** Each tag is of a manifest of its own, which is another one in each repository. */
function push(name: string, ...tags: readonly string[]): Promise<void> {
  return api.metadata.transaction(async (queries) => {
    const repositoryId = await ensureRepository(queries, name as RepositoryName, 1);
    for (const tag of tags) {
      const { bytes: body, digest } = imageIndex([], { annotations: { name, tag } });
      const manifest = parseManifest(body, OCI_IMAGE_INDEX);
      const { id } = await putManifest(queries, { repositoryId, digest, manifest, body, createdAtMs: 1 });
      await putTag(queries, { repositoryId, tag: tag as Tag, manifestId: id, nowMs: 1 });
    }
  });
}

const tagsOf = (name: string) => listTags(api.metadata.reads, name as RepositoryName, { after: "", limit: 100 });
const prs = { from: "team/app", tags: "pr-*", to: "team/app-pr" };
const start = (who: string, body: object) => api.ask(who, "POST /tag-moves", { body });

/** Asks for it, and does the job. */
async function move(who: string, body: object): Promise<unknown> {
  const { json } = await start(who, body);
  const { metadata, clock, registryOptions: options, quotaRefusals } = api;
  const parts = { metadata, clock: { nowMs: () => clock.atMs }, options, quotaRefusals };
  const registry = parts as unknown as Registry;
  const work = tagMoveWork({ registry, log: logTo([]), moveTagAs: (requester) => moveTagAs(registry, requester) });
  const job = await findJob(metadata.reads, json.id);
  return (await attempt(work, { input: JSON.parse(job?.input ?? "") })).result;
}

async function preview(who: string, query: string) {
  const { status, json } = await api.ask(who, `GET /tag-moves/preview?${query}`);
  if (status !== 200) return status;
  return (json.items as { from: string; to: string; problem: string | null }[]).map(
    ({ from, to, problem }) => `${from} ${to}${problem === null ? "" : `: ${problem}`}`,
  );
}

describe("a move of tags", () => {
  test("moves those that match, and tells which stay and why", async () => {
    expect(await move("maintainer", prs)).toEqual({
      moved: 1,
      refused: 1,
      refusals: [
        {
          repository: "team/app",
          reference: "pr-2",
          reason: expect.stringContaining("team/app-pr has a tag pr-2 already"),
        },
      ],
    });
    expect([await tagsOf("team/app"), await tagsOf("team/app-pr")]).toEqual([
      ["pr-2", "v1"],
      ["pr-1", "pr-2"],
    ] as Tag[][]);
    expect(await api.listActs()).toMatchObject([
      { act: "repository.tags.move", actor: "maintainer", target: "team/app", detail: { job: 1, to: "team/app-pr" } },
      { act: "tag.create", actor: "maintainer", target: "team/app-pr", detail: { movedFrom: "team/app:pr-1" } },
      { act: "tag.delete", actor: "maintainer", target: "team/app", detail: { movedTo: "team/app-pr:pr-1" } },
      { act: "bin.put" },
    ]);
  });

  test("gives a tag another name, which its history tells to who may pull there", async () => {
    expect(await move("maintainer", { ...prs, tags: "v1", newTag: "v1-old" })).toMatchObject({ moved: 1 });
    const history = async (who: string, name: string) =>
      (await api.ask(who, `GET /repositories/${name}/history`)).json.items;
    expect(await history("maintainer", "team%2Fapp/tags/v1")).toMatchObject([
      { cause: "move", digest: null, otherPlace: "team/app-pr:v1-old", actor: "maintainer", address: "192.0.2.1" },
    ]);
    expect(await history("maintainer", "team%2Fapp-pr/tags/v1-old")).toMatchObject([
      { cause: "move", from: null, otherPlace: "team/app:v1" },
    ]);
    await api.given(async (rows) => rows.grant(await rows.account("guest"), "team/app"));
    expect(await history("guest", "team%2Fapp/tags/v1")).toMatchObject([
      { cause: "move", otherPlace: null, actor: null },
    ]);
  });

  test("is of the tags that a grant is for, and does not tell of others", async () => {
    expect(await move("ci", { ...prs, tags: "*" })).toMatchObject({ moved: 1, refused: 1 });
    expect(await preview("ci", "from=team/app&tags=*&to=team/app-pr")).toEqual([
      expect.stringContaining("team/app:pr-2 team/app-pr:pr-2: team/app-pr has"),
    ]);
    expect((await start("ci", { ...prs, to: "team/app" })).status).toBe(403);
  });

  test("is refused for who may not pull what they move", async () => {
    expect(await move("blind", { ...prs, tags: "v1" })).toMatchObject({
      moved: 0,
      refusals: [{ reason: "pull on team/app:v1 is not permitted to you" }],
    });
  });
});

test("a preview tells what would be moved, in pages", async () => {
  await api.metadata.transaction((queries) =>
    putNodeSetting(queries, { path: "team", name: "immutable-tags", value: ["v*"], nowMs: 1 }),
  );
  const seen: string[] = [];
  let next: string | undefined = "/tag-moves/preview?from=team/app&tags=*&to=team/new&limit=1";
  for (let pages = 0; next !== undefined && pages < 20; pages += 1) {
    const asked = await api.ask("maintainer", `GET ${next}`);
    for (const { from, problem } of asked.json.items) seen.push(`${from} ${problem}`);
    next = nextOf(asked);
  }
  expect(seen).toEqual([
    "team/app:pr-1 null",
    "team/app:pr-2 null",
    'team/app:v1 the tag v1 is immutable by "v*" of team: it cannot be deleted',
  ]);
});

test("what is attached to an image goes along with it, and not by a pattern", async () => {
  const attached = `sha256-${"a".repeat(64)}.sig`;
  await push("team/app", attached);
  expect(await preview("maintainer", "from=team/app&tags=s*&to=team/new")).toEqual([]);
  expect(await preview("maintainer", `from=team/app&tags=${attached}&to=team/new`)).toHaveLength(1);
});

test.each([
  ["maintainer", { ...prs, newTag: "x" }, 400],
  ["maintainer", { ...prs, tags: "a b" }, 400],
  ["maintainer", { ...prs, tags: "v1", newTag: "-x" }, 400],
  ["maintainer", { ...prs, from: "team/gone" }, 404],
  ["maintainer", { ...prs, to: "team/app" }, 409],
  ["maintainer", { ...prs, to: "elsewhere/app" }, 403],
  ["writer", prs, 403],
])("of %p %p is answered with %p", async (who, body, status) => {
  expect((await start(who, body)).status).toBe(status);
});

test("nothing is moved in read-only mode", async () => {
  api.registryOptions.readOnly = true;
  expect((await start("maintainer", prs)).status).toBe(405);
});
