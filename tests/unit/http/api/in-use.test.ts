import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { ensureRepository, putManifest } from "../../../../src/metadata/index.ts";
import { OCI_IMAGE_INDEX, parseManifest, type RepositoryName } from "../../../../src/oci/index.ts";
import { imageIndex } from "../../../support/oci-content.ts";
import { type ApiUnderTest, openApi } from "./api-under-test.ts";

const { bytes: body, digest } = imageIndex([]);
const other = `sha256:${"b".repeat(64)}`;
const START = "2026-01-01T00:00:00.000Z";
const HOUR_MS = 3_600_000;

let api: ApiUnderTest;
beforeEach(async () => {
  api = await openApi();
  await api.given(async (rows) => {
    await rows.account("root", { systemRole: "administrator" });
  });
  await api.metadata.transaction(async (queries) => {
    const repositoryId = await ensureRepository(queries, "team/app" as RepositoryName, 1);
    await putManifest(queries, {
      repositoryId,
      digest,
      manifest: parseManifest(body, OCI_IMAGE_INDEX),
      body,
      createdAtMs: 1,
    });
  });
});
afterEach(() => api.close());

const put = (images: unknown, { cluster = "eu-1", who = "root" } = {}) =>
  api.ask(who, `PUT /in-use/${cluster}`, { body: { images } });
const show = (cluster = "eu-1") => api.ask("root", `GET /in-use/${cluster}`);

describe("what a cluster runs", () => {
  test("is said as a whole, counted, and shown with the time since when it does", async () => {
    expect(await put([`team/app@${digest}`, `team/app@${digest}`, `not/there@${other}`])).toMatchObject({
      status: 200,
      json: {
        name: "eu-1",
        heardAt: START,
        holdsUntil: "2026-01-08T00:00:00.000Z",
        isSilent: false,
        images: 2,
        unknown: 1,
      },
    });
    api.clock.atMs += HOUR_MS;
    await put([`team/app@${digest}`, `team/app@${other}`]);
    expect((await show()).json).toMatchObject({
      heardAt: "2026-01-01T01:00:00.000Z",
      running: [
        { repository: "team/app", digest, since: START, isKnown: true },
        { repository: "team/app", digest: other, since: "2026-01-01T01:00:00.000Z", isKnown: false },
      ].toSorted((a, b) => (a.digest < b.digest ? -1 : 1)),
    });
  });

  test("is listed, in pages, also when the cluster is silent for too long", async () => {
    for (const cluster of ["us-1", "eu-1"]) await put([], { cluster });
    api.clock.atMs += 7 * 24 * HOUR_MS;
    const page = await api.ask("root", "GET /in-use?limit=1");
    expect(page.json.items).toMatchObject([{ name: "eu-1", images: 0, isSilent: true }]);
    expect(page.headers.get("link")).toContain("after=eu-1");
    const next = await api.ask("root", "GET /in-use?after=eu-1");
    expect(next.json.items).toMatchObject([{ name: "us-1" }]);
  });

  test("is forgotten, once", async () => {
    await put([`team/app@${digest}`]);
    expect((await api.ask("root", "DELETE /in-use/eu-1")).status).toBe(204);
    expect(await show()).toMatchObject({ status: 404, json: { detail: "nothing was heard of a cluster eu-1" } });
    expect((await api.ask("root", "DELETE /in-use/eu-1")).status).toBe(404);
  });

  test("is on record when it changes", async () => {
    const reports = [[], [`team/app@${digest}`], [`team/app@${digest}`], []];
    for (const images of reports) await put(images);
    await api.ask("root", "DELETE /in-use/eu-1");
    const acts = (await api.listActs()).map(({ act, target, detail }) => [act, target, detail]);
    expect(acts).toEqual([
      ["in-use.report", "eu-1", { images: 0, added: 0, removed: 0 }],
      ["in-use.report", "eu-1", { images: 1, added: 1, removed: 0 }],
      ["in-use.report", "eu-1", { images: 0, added: 0, removed: 1 }],
      ["in-use.forget", "eu-1", { images: 0 }],
    ]);
  });

  test("may be 20,000 images, and no more", async () => {
    const images = Array.from(
      { length: 20_000 },
      (_, index) => `team/app/${"x".repeat(60)}@sha256:${index.toString(16).padStart(64, "0")}`,
    );
    expect((await put(images)).json).toMatchObject({ images: 20_000, unknown: 20_000 });
    expect((await put(images)).json).toMatchObject({ images: 20_000 });
    expect((await show()).json.running).toHaveLength(20_000);
    expect((await put([...images, `team/app@${digest}`])).status).toBe(400);
    expect((await put([])).json).toMatchObject({ images: 0 });
  });

  test.each([
    [["team/app:v1"], "body.images.0"],
    [[`team/app@${digest}`, `Team/app@${digest}`, "x"], "body.images.1"],
    [[`team/app@sha256:1`], "body.images.0"],
    [[`team/app@${digest}@${digest}`], "body.images.0"],
    ["team/app", "body.images"],
  ])("cannot be %j", async (images, field) =>
    expect(await put(images)).toMatchObject({ status: 400, json: { errors: [{ field }] } }),
  );

  test("is said by a cluster with a name", async () => expect((await put([], { cluster: "EU%201" })).status).toBe(400));

  const robotThatReports = () =>
    api.given(async (rows) =>
      rows.grant(await rows.account("ops+cluster", { kind: "robot", ownerPath: "ops" }), "**", {
        actions: ["in-use:report"],
      }),
    );

  test("tells who may only report nothing of what is here", async () => {
    await robotThatReports();
    const reported = async (...images: readonly string[]) => {
      const { images: held, unknown } = (await put(images, { who: "ops+cluster" })).json;
      return { images: held, unknown };
    };
    expect(await reported(`team/app@${digest}`)).toEqual({ images: 1, unknown: null });
    // What is here is held by its own name as well.
    expect(await reported(`not/there@${digest}`, `not/there@${digest}`)).toEqual({ images: 1, unknown: null });
    expect((await show()).json).toMatchObject({ images: 2, unknown: 1 });
  });

  test("is said by a robot of which the root says that it may", async () => {
    await robotThatReports();
    await api.given(async (rows) => rows.role("team", await rows.account("maintainer"), "maintainer"));
    expect((await put([], { who: "ops+cluster" })).status).toBe(200);
    expect((await api.ask("ops+cluster", "DELETE /in-use/eu-1")).status).toBe(403);
    const setting = { body: { value: true } };
    expect((await api.ask("ops+cluster", "PUT /namespaces/_root/settings/protected", setting)).status).toBe(403);
    expect((await put([], { who: "maintainer" })).status).toBe(404);
  });

  test("is said by one robot of those that may do nothing but report, so that no other ends what it holds", async () => {
    await api.given(async (rows) => {
      for (const name of ["ops+eu", "ops+us"])
        await rows.grant(await rows.account(name, { kind: "robot", ownerPath: "ops" }), "**", {
          actions: ["in-use:report"],
        });
    });
    expect((await put([`team/app@${digest}`], { who: "ops+eu" })).status).toBe(200);
    expect(await put([], { who: "ops+us" })).toMatchObject({
      status: 403,
      json: { detail: "somebody else reports for eu-1: say another name, or have it forgotten" },
    });
    expect((await put([], { who: "ops+us", cluster: "us-1" })).status).toBe(200);
    expect((await show()).json.running).toHaveLength(1);
    expect((await put([])).status).toBe(200);
    expect((await put([], { who: "ops+us" })).status).toBe(403);
    await api.ask("root", "DELETE /in-use/eu-1");
    expect((await put([], { who: "ops+us" })).status).toBe(200);
    for (let more = 3; more <= 100; more += 1) await put([], { who: "ops+us", cluster: `us-${more}` });
    expect(await put([], { who: "ops+us", cluster: "us-101" })).toMatchObject({
      status: 403,
      json: { detail: "ops+us reports for 100 clusters already: have some forgotten" },
    });
    expect((await put([], { who: "ops+us", cluster: "us-100" })).status).toBe(200);
    expect((await put([], { cluster: "us-101" })).status).toBe(200);
  });
});
