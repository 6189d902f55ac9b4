import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  ensureRepository,
  findJob,
  putClusterReport,
  putManifest,
  putNodeSetting,
  putTag,
} from "../../../../src/metadata/index.ts";
import { OCI_IMAGE_INDEX, parseManifest, type RepositoryName, type Tag } from "../../../../src/oci/index.ts";
import { imageIndex } from "../../../support/oci-content.ts";
import { type ApiUnderTest, nextOf, openApi } from "./api-under-test.ts";

let api: ApiUnderTest;
beforeEach(async () => {
  api = await openApi();
  await api.given(async (rows) => {
    await rows.role("team", await rows.account("maintainer"), "maintainer");
    await rows.role("team/other", await rows.account("other"), "maintainer");
    await rows.grant(await rows.account("ci"), "team/app", { tagPattern: "pr-*", actions: ["tag:delete"] });
  });
  await push("team/app", "pr-1", "pr-2", "v1");
  await push("team/other", "v1");
});
afterEach(() => api.close());

/** Each tag is of a manifest of its own. @returns the digest of the last */
function push(name: string, ...tags: readonly string[]) {
  return api.metadata.transaction(async (queries) => {
    const repositoryId = await ensureRepository(queries, name as RepositoryName, 1);
    let last = imageIndex([]).digest;
    for (const tag of tags) {
      const { bytes: body, digest } = imageIndex([], { annotations: { name, tag } });
      const manifest = parseManifest(body, OCI_IMAGE_INDEX);
      const { id } = await putManifest(queries, { repositoryId, digest, manifest, body, createdAtMs: 1 });
      await putTag(queries, { repositoryId, tag: tag as Tag, manifestId: id, nowMs: 1 });
      last = digest;
    }
    return last;
  });
}

const preview = async (who: string, query: string) => {
  const { json } = await api.ask(who, `GET /deletions/preview?repositories=${query}`);
  return (json.items as { repository: string; tags: string[]; verdict: string }[])
    .map(({ repository, tags, verdict }) => `${repository}:${tags.join()} ${verdict}`)
    .sort();
};

describe("a preview", () => {
  test("says of each what goes and what stays, and why", async () => {
    expect(await preview("maintainer", "team/app&tags=pr-*")).toEqual(["team/app:pr-1 goes", "team/app:pr-2 goes"]);
    await api.metadata.transaction((queries) =>
      putNodeSetting(queries, { path: "team", name: "immutable-tags", value: ["v*"], nowMs: 1 }),
    );
    expect(await preview("maintainer", "team/**")).toEqual([
      "team/app:pr-1 goes",
      "team/app:pr-2 goes",
      "team/app:v1 stays",
      "team/other:v1 stays",
    ]);
    const { json } = await api.ask("maintainer", "GET /deletions/preview?repositories=team/app&tags=v*");
    expect(json.items).toMatchObject([{ reason: 'the tag v1 is immutable by "v*" of team: it cannot be deleted' }]);
  });

  test("knows what a second person would have to be asked for by itself", async () => {
    const value = { required: true };
    const require = (path: string) =>
      api.metadata.transaction((queries) =>
        putNodeSetting(queries, { path, name: "delete-approval", value, nowMs: 1 }),
      );
    await require("team/other");
    expect(await preview("maintainer", "team/**&tags=v*")).toEqual(["team/app:v1 goes", "team/other:v1 stays"]);
    expect(await preview("maintainer", "team/**")).toContain("team/other:v1 stays");
    // Asked for by itself it is one request, and goes when that is approved.
    expect(await preview("maintainer", "team/other")).toEqual(["team/other:v1 goes"]);
  });

  test("knows that the last tag of what runs stays, as it is when the others are gone", async () => {
    const digest = await push("team/runs", "a");
    await api.metadata.transaction(async (queries) => {
      const repositoryId = await ensureRepository(queries, "team/runs" as RepositoryName, 1);
      const [row] = await queries.selectFrom("manifests").select("id").where("digest", "=", digest).execute();
      await putTag(queries, { repositoryId, tag: "b" as Tag, manifestId: row?.id ?? 0, nowMs: 1 });
      const images = [{ repository: "team/runs" as RepositoryName, digest }];
      await putClusterReport(queries, { cluster: "eu-1", images, nowMs: 1, holdsUntilMs: api.clock.atMs + 1 });
    });
    expect(await preview("maintainer", "team/runs&tags=*")).toEqual(["team/runs:a goes", "team/runs:b stays"]);
    expect(await preview("maintainer", "team/runs&tags=a")).toEqual(["team/runs:a goes"]);
  });

  test("comes in pages", async () => {
    const seen: string[] = [];
    let next: string | undefined = "/deletions/preview?repositories=team/**&limit=1";
    for (let pages = 0; next !== undefined && pages < 20; pages += 1) {
      const asked = await api.ask("maintainer", `GET ${next}`);
      for (const { repository, tags } of asked.json.items) seen.push(`${repository}:${tags.join()}`);
      next = nextOf(asked);
    }
    expect(seen.toSorted()).toEqual(["team/app:pr-1", "team/app:pr-2", "team/app:v1", "team/other:v1"]);
  });

  test("goes by the tags that a grant is for", async () => {
    // Of the others they must not learn.
    expect(await preview("ci", "team/app&tags=*")).toEqual(["team/app:pr-1 goes", "team/app:pr-2 goes"]);
    await api.given(async (rows) => {
      const both = await rows.account("both");
      await rows.role("team", both, "reader");
      await rows.grant(both, "team/app", { tagPattern: "pr-*", actions: ["tag:delete"] });
      const nodeAlone = await rows.account("node-alone");
      await rows.grant(nodeAlone, "team", { actions: ["delete"] });
      await rows.grant(nodeAlone, "team/app", { tagPattern: "pr-*", actions: ["pull", "tag:delete"] });
    });
    expect(await preview("both", "team/app&tags=*")).toEqual([
      "team/app:pr-1 goes",
      "team/app:pr-2 goes",
      "team/app:v1 stays",
    ]);
    expect(await preview("node-alone", "team/**")).toEqual([]);
    expect(await preview("node-alone", "team/**&tags=*")).toEqual(["team/app:pr-1 goes", "team/app:pr-2 goes"]);
    expect((await api.ask("ci", "GET /deletions/preview?repositories=team/app")).status).toBe(403);
    expect((await api.ask("other", "GET /deletions/preview?repositories=team/app")).status).toBe(404);
  });
});

describe("a deletion", () => {
  const start = (who: string, body: object) => api.ask(who, "POST /deletions", { body });

  test("becomes a job of who asks for it, on record", async () => {
    const { status, headers, json } = await start("maintainer", { repositories: "team/**", tags: "pr-*" });
    expect([status, headers.get("location"), json.requestedBy]).toEqual([201, "/api/v1/deletions/1", "maintainer"]);
    const job = await findJob(api.metadata.reads, 1);
    expect(JSON.parse(job?.input ?? "")).toMatchObject({
      path: "team",
      withBelow: true,
      tags: "pr-*",
      requester: { accountId: 1, actor: "maintainer", address: "192.0.2.1" },
    });
    expect(await api.listActs()).toMatchObject([{ act: "repository.delete", actor: "maintainer", target: "team" }]);
    expect(api.looks()).toBe(1);
    expect((await start("maintainer", { repositories: "team/**", tags: "pr-*" })).status).toBe(409);
  });

  test("is shown to and ended by who asked for it, and nobody else who is nobody special", async () => {
    await start("maintainer", { repositories: "team/app" });
    expect((await api.ask("other", "GET /deletions/1")).status).toBe(404);
    expect((await api.ask("other", "POST /deletions/1/cancel")).status).toBe(404);
    expect((await api.ask("maintainer", "GET /deletions/1")).json).toMatchObject({ state: "waiting" });
    expect((await api.ask("maintainer", "POST /deletions/1/cancel")).json).toMatchObject({ state: "cancelled" });
    expect(api.cancelled).toEqual(["deletion"]);
    expect((await api.ask("maintainer", "POST /deletions/1/cancel")).status).toBe(409);
  });

  test.each([
    [{ repositories: "team/**/app" }, 400],
    [{ repositories: "**" }, 400],
    [{ repositories: "team/app", tags: "a b" }, 400],
    [{ repositories: "team/app", tags: "" }, 400],
    [{ repositories: "team/gone" }, 404],
    [{ repositories: "teams/**" }, 404],
  ])("of %p is answered with %p", async (body, status) => {
    expect((await start("maintainer", body)).status).toBe(status);
  });

  test("is refused in read-only mode", async () => {
    api.registryOptions.readOnly = true;
    expect((await start("maintainer", { repositories: "team/app" })).status).toBe(405);
  });
});
