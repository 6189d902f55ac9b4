import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  addTagPulls,
  findRepositoryId,
  type MetadataDatabase,
  putNodeSetting,
  recordTagChange,
} from "../../../../src/metadata/index.ts";
import { OCI_IMAGE_INDEX, parseReference, type RepositoryName, type Tag } from "../../../../src/oci/index.ts";
import { createRegistry, deleteManifest, putManifest, type Registry } from "../../../../src/registry/index.ts";
import { createHashPool } from "../../../../src/runtime/index.ts";
import { openStorage } from "../../../../src/storage/index.ts";
import { type Content, imageIndex } from "../../../support/oci-content.ts";
import { type ApiUnderTest, nextOf, openApi } from "./api-under-test.ts";

const app = "team/app" as RepositoryName;
const by = { actor: "writer", address: "10.0.0.7", requestId: "push" };
const [one, two, three] = ["one", "two", "three"].map((name) => imageIndex([], { annotations: { name } })) as [
  Content,
  Content,
  Content,
];
const TAG = "/repositories/team%2Fapp/tags/prod";

let api: ApiUnderTest;
let registry: Registry;
let reader: number;
let stranger: number;
beforeEach(async () => {
  api = await openApi();
  registry = await registryOf(api.metadata);
  await api.given(async (rows) => {
    reader = await rows.account("reader");
    await rows.role("team", reader, "reader");
    for (const role of ["writer", "maintainer"] as const) await rows.role("team", await rows.account(role), role);
    await rows.account("root", { systemRole: "administrator" });
    stranger = await rows.account("stranger");
  });
  for (const [hour, content] of [one, two, three].entries()) {
    api.clock.atMs = Date.parse(`2026-01-01T0${hour}:00:00Z`);
    await push(content, "prod");
  }
  api.clock.atMs = Date.parse("2026-01-02T00:00:00Z");
});
afterEach(() => api.close());

/** The same rows, as the registry API changes them. */
async function registryOf(metadata: MetadataDatabase): Promise<Registry> {
  const clock = { nowMs: () => api.clock.atMs };
  const storage = await openStorage({ kind: "inmemory" }, { clock });
  const hashPool = createHashPool({ workers: 0 });
  const options = api.registryOptions as Registry["options"];
  return createRegistry({ metadata, storage, hashPool, clock, newId: () => "id", worksOn: () => true, options });
}

async function push({ bytes: body }: Content, tag: string): Promise<void> {
  const reference = parseReference(tag);
  await putManifest(registry, { repository: app, reference, tags: [], contentType: OCI_IMAGE_INDEX, body, by });
}

const remove = (reference: string) =>
  deleteManifest(registry, { repository: app, reference: parseReference(reference), by });

describe("tags", () => {
  test("are listed with what they point at, in pages", async () => {
    await push(one, "dev");
    const { json, headers } = await api.ask("reader", "GET /repositories/team%2Fapp/tags?limit=1");
    expect(json.items).toEqual([
      {
        name: "dev",
        digest: one.digest,
        since: "2026-01-02T00:00:00.000Z",
        isThere: true,
        mediaType: OCI_IMAGE_INDEX,
        sizeBytes: one.bytes.byteLength,
        pulls: 0,
        lastPulledAt: null,
      },
    ]);
    expect(headers.get("link")).toContain("after=dev");
    const rest = await api.ask("reader", "GET /repositories/team%2Fapp/tags?after=dev");
    expect(rest.json.items).toMatchObject([{ name: "prod", digest: three.digest }]);
  });

  test("are listed with when they were pulled last, by themselves or by what they point at", async () => {
    await push(three, "same");
    const pulled = (reference: string, pulls: number, time: string) => {
      return { repository: app, reference, pulls, lastAtMs: Date.parse(time) };
    };
    await api.metadata.transaction((queries) =>
      addTagPulls(queries, [
        pulled("prod", 2, "2026-01-03T00:00:00Z"),
        pulled(three.digest, 3, "2026-01-04T00:00:00Z"),
        pulled("gone", 1, "2026-01-05T00:00:00Z"),
      ]),
    );
    await api.metadata.transaction((queries) => addTagPulls(queries, [pulled("prod", 1, "2026-01-01T00:00:00Z")]));
    const { json } = await api.ask("reader", "GET /repositories/team%2Fapp/tags");
    expect(json.items).toMatchObject([
      { name: "prod", pulls: 6, lastPulledAt: "2026-01-04T00:00:00.000Z" },
      { name: "same", pulls: 3, lastPulledAt: "2026-01-04T00:00:00.000Z" },
    ]);
  });

  test("are listed to who may pull some of them without the others", async () => {
    await push(one, "dev");
    await api.given(async (rows) => rows.grant(await rows.account("partial"), "team/app", { tagPattern: "dev*" }));
    const { json } = await api.ask("partial", "GET /repositories/team%2Fapp/tags");
    expect(json.items).toMatchObject([{ name: "dev" }]);
    expect(json.items).toHaveLength(1);
  });

  test.each([
    ["", three.digest],
    ["?at=2026-01-01T00:00:00Z", one.digest],
    ["?at=2026-01-01T01:59:59.999Z", two.digest],
    ["?at=2026-01-01T03:00:00%2B01:00", three.digest],
  ])("are shown as of a time: %p", async (query, digest) => {
    expect((await api.ask("reader", `GET ${TAG}${query}`)).json).toMatchObject({ name: "prod", digest, isThere: true });
  });

  test("that were not there then, or are not, are not found", async () => {
    const before = await api.ask("reader", `GET ${TAG}?at=2025-12-31T23:59:59Z`);
    expect([before.status, before.json.detail]).toEqual([
      404,
      "team/app had no tag prod at 2025-12-31T23:59:59.000Z, as far as its history goes back",
    ]);
    const statuses = ["GET /repositories/team%2Fapp/tags/none", "GET /repositories/team%2Fnone/tags"];
    for (const asked of statuses) expect((await api.ask("reader", asked)).status).toBe(404);
  });

  test("say of a time whether the manifest is there still", async () => {
    await remove(one.digest);
    const { json } = await api.ask("reader", `GET ${TAG}?at=2026-01-01T00:30:00Z`);
    expect(json).toMatchObject({ digest: one.digest, isThere: false, mediaType: null, sizeBytes: null });
  });

  test("say why retention removed them, to who may know the rules", async () => {
    await api.metadata.transaction(async (queries) => {
      const repositoryId = (await findRepositoryId(queries, app)) ?? 0;
      const gone = { repositoryId, tag: "ci-1" as Tag, digest: undefined, nowMs: 1 };
      const from = { digest: one.digest, updatedAtMs: 0 };
      const nobody = { actor: undefined, address: undefined };
      await recordTagChange(queries, { ...gone, from, by: nobody, cause: "retention", reason: "no rule (job 7)" });
    });
    const ask = async (who: string) => (await api.ask(who, `GET ${TAG.replace("prod", "ci-1")}/history`)).json.items;
    expect(await ask("writer")).toMatchObject([{ cause: "retention", reason: "no rule (job 7)" }]);
    expect(await ask("reader")).toMatchObject([{ cause: "retention", reason: null }]);
  });

  test("have a history in pages, the newest first, which tells who only to who may push", async () => {
    const first = await api.ask("writer", `GET ${TAG}/history?limit=2`);
    expect(first.json.items).toMatchObject([
      { cause: "push", digest: three.digest, from: two.digest, actor: "writer", address: "10.0.0.7" },
      { cause: "push", digest: two.digest, from: one.digest, time: "2026-01-01T01:00:00.000Z" },
    ]);
    const next = nextOf(first);
    const second = await api.ask("reader", `GET ${next}`);
    expect(second.json.items).toMatchObject([{ digest: one.digest, from: null, actor: null, address: null }]);
    expect(second.headers.has("link")).toBe(false);
  });
});

describe("what is to stay", () => {
  const KEPT = "/repositories/team%2Fapp/keeps";

  test("is said of a tag or a manifest, shown, and taken back, on record with who did it", async () => {
    const body = { reason: "audit of 2026", until: "2027-01-01T00:00:00.000Z" };
    const by = { by: "maintainer", time: "2026-01-02T00:00:00.000Z" };
    const { status, json } = await api.ask("maintainer", `PUT ${KEPT}/prod`, { body });
    expect([status, json]).toEqual([200, { reference: "prod", ...body, ...by }]);
    await api.ask("maintainer", `PUT ${KEPT}/${one.digest}`, { body: {} });
    const first = await api.ask("maintainer", `GET ${KEPT}?limit=1`);
    expect([first.json.items, nextOf(first) !== undefined]).toMatchObject([[{ reference: "prod" }], true]);
    const all = await api.ask("maintainer", `GET ${KEPT}`);
    expect(all.json.items).toMatchObject([{ reference: "prod" }, { reference: one.digest, reason: "", until: null }]);
    expect((await api.ask("maintainer", `DELETE ${KEPT}/prod`)).status).toBe(204);
    expect((await api.ask("maintainer", `DELETE ${KEPT}/prod`)).status).toBe(404);
    expect((await api.listActs()).slice(-3)).toMatchObject([
      { act: "keep.put", target: "team/app", detail: { reference: "prod", ...body } },
      { act: "keep.put", detail: { reference: one.digest, reason: "" } },
      { act: "keep.remove", actor: "maintainer", detail: { reference: "prod" } },
    ]);
  });

  test("is let go by itself earlier, where two decide about deletes, by those only who may lift that", async () => {
    const value = { required: true };
    await api.metadata.transaction((queries) =>
      putNodeSetting(queries, { path: "team", name: "delete-approval", value, nowMs: 1 }),
    );
    const keep = async (who: string, until: string | null) =>
      (await api.ask(who, `PUT ${KEPT}/prod`, { body: { until } })).status;
    const unkeep = (who: string) => api.ask(who, `DELETE ${KEPT}/prod`);
    expect(await keep("maintainer", "2026-03-01T00:00:00Z")).toBe(200);
    expect(await keep("maintainer", "2026-02-28T00:00:00Z")).toBe(403);
    expect(await keep("maintainer", null)).toBe(200);
    expect(await keep("maintainer", "2099-01-01T00:00:00Z")).toBe(403);
    const detail = expect.stringContaining("how long to keep prod of team/app is for those");
    expect(await unkeep("maintainer")).toMatchObject({ status: 403, json: { detail } });
    expect(await keep("root", "2026-03-01T00:00:00Z")).toBe(200);
    // What is over lets nothing go.
    api.clock.atMs = Date.parse("2026-03-01T00:00:00Z");
    expect((await unkeep("maintainer")).status).toBe(204);
    expect(await keep("root", null)).toBe(200);
    expect((await unkeep("root")).status).toBe(204);
  });

  test.each([
    ["none", {}, 404],
    [`sha256:${"0".repeat(64)}`, {}, 404],
    ["no%20tag", {}, 400],
    ["prod", { until: "soon" }, 400],
    ["prod", { reason: "two\nlines" }, 400],
    ["prod", { why: "x" }, 400],
  ])("has to be there and to be said rightly: %s %j", async (reference, body, expected) => {
    expect((await api.ask("maintainer", `PUT ${KEPT}/${reference}`, { body })).status).toBe(expected);
  });
});

describe("a roll-back", () => {
  const rollBack = (who: string, body: object, headers = {}) => api.ask(who, `POST ${TAG}/rollback`, { body, headers });

  test("points the tag where it pointed, on record with who did it", async () => {
    const { status, json } = await rollBack("writer", { steps: 2 });
    expect([status, json.digest]).toEqual([200, one.digest]);
    expect((await api.ask("writer", `GET ${TAG}/history?limit=1`)).json.items).toMatchObject([
      { cause: "rollback", digest: one.digest, from: three.digest, actor: "writer", address: "192.0.2.1" },
    ]);
    expect((await api.listActs()).at(-1)).toEqual({
      act: "tag.rollback",
      actor: "writer",
      target: "team/app",
      detail: { tag: "prod", from: three.digest, steps: 2, digest: one.digest },
    });
  });

  test.each([{ at: "2026-01-01T01:30:00Z" }, { digest: two.digest }, { steps: 1 }])("is told by %p", async (body) => {
    expect((await rollBack("writer", body)).json.digest).toBe(two.digest);
  });

  test.each([{}, { steps: 1, digest: two.digest }, { steps: 0 }, { digest: "sha256:1" }, { at: "yesterday" }])(
    "by %p is not understood",
    async (body) => expect((await rollBack("writer", body)).status).toBe(400),
  );

  test("is refused while there is nothing to go back to, and in read-only mode", async () => {
    expect(await rollBack("writer", { steps: 9 })).toMatchObject({ status: 409 });
    api.registryOptions.readOnly = true;
    expect(await rollBack("writer", { steps: 1 })).toMatchObject({ status: 405 });
    expect((await api.ask("reader", `GET ${TAG}`)).json.digest).toBe(three.digest);
  });

  test("is not made over what somebody has changed meanwhile", async () => {
    const seen = await api.ask("writer", `GET ${TAG}`);
    await push(one, "prod");
    const headers = { "if-match": seen.headers.get("etag") ?? "" };
    expect((await rollBack("writer", { steps: 1 }, headers)).status).toBe(412);
  });

  test("of a tag is for who may move that one, and of a deleted one for who may make it", async () => {
    await api.given((rows) =>
      rows.grant(stranger, "team/**", { tagPattern: "prod", actions: ["pull", "tag:overwrite"] }),
    );
    await push(one, "dev");
    expect((await rollBack("stranger", { steps: 1 })).status).toBe(200);
    const listed = await api.ask("stranger", "GET /repositories/team%2Fapp/tags");
    expect(listed.json.items.map(({ name }: { name: string }) => name)).toEqual(["prod"]);
    expect((await api.ask("stranger", "GET /repositories/team%2Fapp/tags/dev")).status).toBe(403);
    const dev = { body: { digest: two.digest } };
    expect((await api.ask("stranger", "POST /repositories/team%2Fapp/tags/dev/rollback", dev)).status).toBe(403);
    await remove("prod");
    expect(await rollBack("stranger", { steps: 1 })).toMatchObject({
      status: 403,
      json: { detail: "you may not make the tag prod" },
    });
    expect((await rollBack("writer", { steps: 1 })).json.digest).toBe(two.digest);
  });
});

describe("the bin", () => {
  test("shows to who may delete what was deleted there, in pages", async () => {
    for (const { digest } of [one, two, three]) await remove(digest);
    const first = await api.ask("maintainer", "GET /bin?limit=2");
    expect(first.json.items).toMatchObject([
      { id: 3, kind: "manifest", repository: "team/app", digest: three.digest, tags: ["prod"], actor: "writer" },
      { id: 2, digest: two.digest, expiresAt: "2026-01-03T00:00:00.000Z" },
    ]);
    const next = nextOf(first);
    expect((await api.ask("maintainer", `GET ${next}`)).json.items).toMatchObject([{ id: 1 }]);
    expect((await api.ask("reader", "GET /bin")).json.items).toEqual([]);
    expect((await api.ask("root", "GET /bin?repository=team/other")).json.items).toEqual([]);
  });

  test("gives back what was deleted, on record", async () => {
    await remove(three.digest);
    const { status, json } = await api.ask("maintainer", "POST /bin/1/restore", { body: {} });
    expect({ status, json }).toEqual({
      status: 200,
      json: { repository: "team/app", digest: three.digest, tags: ["prod"] },
    });
    expect((await api.ask("reader", `GET ${TAG}`)).json.digest).toBe(three.digest);
    expect((await api.listActs()).map(({ act }) => act).slice(-3)).toEqual([
      "manifest.delete",
      "bin.put",
      "bin.restore",
    ]);
    const [last] = (await api.ask("writer", `GET ${TAG}/history?limit=1`)).json.items;
    expect(last).toMatchObject({ cause: "restore", digest: three.digest, from: null, actor: "maintainer" });
    expect((await api.ask("maintainer", "POST /bin/1/restore", { body: {} })).status).toBe(404);
  });

  test("moves a tag back by force only, and only for who may move it", async () => {
    await remove("prod");
    await push(one, "prod");
    const restore = (who: string, force: boolean) => api.ask(who, "POST /bin/1/restore", { body: { force } });
    expect(await restore("maintainer", false)).toMatchObject({
      status: 409,
      json: { detail: "the tag prod points elsewhere by now: restore with force to move it back" },
    });
    await api.given((rows) => rows.grant(reader, "team/**", { tagPattern: "prod", actions: ["tag:delete"] }));
    expect(await restore("reader", true)).toMatchObject({ status: 403, json: { detail: "you may not move prod" } });
    expect((await restore("maintainer", true)).status).toBe(200);
    expect((await api.ask("reader", `GET ${TAG}`)).json.digest).toBe(three.digest);
  });

  test("is emptied in parts, and an entry by itself", async () => {
    for (const { digest } of [one, two, three]) await remove(digest);
    expect((await api.ask("maintainer", "DELETE /bin/2")).status).toBe(204);
    const body = { repository: "team/app" };
    expect((await api.ask("maintainer", "POST /bin/empty", { body })).json).toEqual({ removed: 2, hasMore: false });
    expect((await api.ask("root", "GET /bin")).json.items).toEqual([]);
    expect((await api.listActs()).filter(({ act }) => act === "bin.empty")).toHaveLength(3);
  });

  test("stays as it is in read-only mode", async () => {
    await remove(one.digest);
    api.registryOptions.readOnly = true;
    const asked = ["POST /bin/1/restore", "POST /bin/empty"];
    for (const each of asked) expect((await api.ask("root", each, { body: {} })).status).toBe(405);
    expect((await api.ask("root", "DELETE /bin/1")).status).toBe(405);
    expect((await api.ask("root", "GET /bin")).json.items).toHaveLength(1);
  });
});
