import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  findTag,
  findRepositoryId,
  listActs,
  listBinEntries,
  putClusterReport,
  putImportTime,
  putNodeSetting,
  renameRepository,
} from "../../../../src/metadata/index.ts";
import type { RepositoryName, Tag } from "../../../../src/oci/index.ts";
import { type ActFor, type DeletionAuthority, listTags } from "../../../../src/registry/index.ts";
import { type DeletionInput, deletionWork } from "../../../../src/upkeep/deletion/deletion-job.ts";
import { failureOf } from "../../../support/failure-of.ts";
import { type MemoryRegistry, openMemoryRegistry } from "../../../support/memory-registry.ts";
import { logTo } from "../../http/health/log-to.ts";
import { app, pushImage, pushIndex } from "../gc/collected-registry.ts";

const other = "team/other" as RepositoryName;
const outside = "teams/app" as RepositoryName;

let memory: MemoryRegistry;
let authority: DeletionAuthority;
beforeEach(async () => {
  memory = await openMemoryRegistry({ isAudited: true, binKeepMs: 86_400_000 });
  authority = { maySee: () => true, mayDelete: () => true };
});
afterEach(() => memory.close());

const silentLog = logTo([]);
const by = { actor: "anna", address: undefined, requestId: "request" };
let transactions = 0;
let afterStep: (() => Promise<void>) | undefined;
const actFor: ActFor = async (make) => {
  const made = await memory.registry.metadata.transaction((queries) => {
    transactions += 1;
    return make({ queries, nowMs: memory.clock.atMs, by, record: () => Promise.resolve() }, authority);
  });
  await afterStep?.();
  return made;
};

const requester = { subjects: [], actor: "anna" };

function run(input: Partial<DeletionInput>, signal = new AbortController().signal, progress?: object) {
  const work = deletionWork({ registry: memory.registry, log: silentLog, actAs: () => actFor });
  return work.run({
    id: 1,
    input: { path: app, withBelow: false, requester, ...input },
    progress: progress && { done: 0, total: null, unit: "tag", detail: { ...progress } },
    signal,
    report: () => undefined,
  });
}

const tagsOf = async (repository = app) =>
  (await listTags(memory.registry, repository, { after: "", limit: undefined })).names as readonly string[];
const say = (name: string, value: unknown) =>
  memory.registry.metadata.transaction((queries) => putNodeSetting(queries, { path: app, name, value, nowMs: 1 }));

async function pushTags(...tags: readonly string[]): Promise<void> {
  for (const tag of tags) await pushImage(memory.registry, tag, { reference: tag });
}

describe("a deletion of tags", () => {
  test("takes those that match, in small steps, into the bin", async () => {
    const many = Array.from({ length: 60 }, (_, index) => `pr-${index}`);
    await pushTags("v1", ...many);
    transactions = 0;
    expect(await run({ tags: "pr-*" })).toEqual({ repositories: 1, deleted: 60, refused: 0, refusals: [] });
    expect(transactions).toBe(3);
    expect(await tagsOf()).toEqual(["v1"]);
    const entries = await listBinEntries(memory.registry.metadata.reads, { limit: 100 });
    expect(entries.map(({ kind, actor }) => `${kind} ${actor}`)).toEqual(Array(60).fill("tag anna"));
  });

  test("leaves what is refused, and says why", async () => {
    await pushTags("pr-1", "pr-2", "pr-3");
    await say("immutable-tags", ["*-2"]);
    authority = { ...authority, mayDelete: (_, tag) => tag !== "pr-3" };
    expect(await run({ tags: "pr-*" })).toEqual({
      repositories: 1,
      deleted: 1,
      refused: 2,
      refusals: [
        { repository: app, reference: "pr-2", reason: expect.stringContaining("immutable by") },
        { repository: app, reference: "pr-3", reason: "it is not for you to delete" },
      ],
    });
    expect(await tagsOf()).toEqual(["pr-2", "pr-3"]);
  });

  test("tells nothing of tags that are not for who has asked to see", async () => {
    await pushTags("pr-1", "secret");
    const isOpen = (tag?: string) => tag === "pr-1";
    authority = {
      maySee: (_, reference) => reference === undefined || (reference.kind === "tag" && isOpen(reference.tag)),
      mayDelete: (_, tag) => isOpen(tag),
    };
    expect(await run({ tags: "*" })).toEqual({ repositories: 1, deleted: 1, refused: 0, refusals: [] });
  });

  test("leaves what is pushed while it runs, and comes to its end", async () => {
    await pushTags(...Array.from({ length: 30 }, (_, index) => `pr-${index}`));
    const steps: string[] = [];
    // Between two of its steps somebody always pushes.
    const pushing: ActFor = async (make) => {
      const done = await actFor(make);
      memory.clock.atMs += 1;
      if (steps.length < 20) await pushTags("pr-9", `new-${steps.push("a push")}`);
      return done;
    };
    for (const tags of ["*", undefined]) {
      const work = deletionWork({ registry: memory.registry, log: silentLog, actAs: () => pushing });
      steps.length = 0;
      const turn = { id: 1, input: { path: app, withBelow: false, requester, tags }, progress: undefined };
      await work.run({ ...turn, signal: new AbortController().signal, report: () => undefined });
      expect(await tagsOf()).toEqual([...steps.map((_, index) => `new-${index + 1}`), "pr-9"].toSorted());
      expect(steps.length).toBeLessThan(20);
      memory.clock.atMs += 1;
    }
  });

  describe("of a repository that gets another name meanwhile", () => {
    const away = "team/away" as RepositoryName;
    beforeEach(async () => {
      await pushTags(...Array.from({ length: 30 }, (_, index) => `pr-${index}`));
      await pushImage(memory.registry, "dear", { reference: "pr-9", repository: other });
      afterStep = async () => {
        afterStep = undefined;
        memory.clock.atMs += 1;
        for (const [from, to] of [[app, away] as const, [other, app] as const]) await rename(from, to);
      };
    });
    afterEach(() => (afterStep = undefined));
    const idOf = (name: RepositoryName) => findRepositoryId(memory.registry.metadata.reads, name);
    const rename = async (from: RepositoryName, to: RepositoryName) => {
      const times = { nowMs: memory.clock.atMs, servesUntilMs: 1, actor: undefined };
      const id = (await idOf(from)) ?? 0;
      await memory.registry.metadata.transaction((queries) => renameRepository(queries, { id, from, to, ...times }));
    };
    const refusals = (repository: RepositoryName, reason: string) =>
      expect.arrayContaining([{ repository, reference: "pr-9", reason }]);

    test.each(["pr-*", undefined])(
      "takes what is left (%p), and nothing of another one that is given the name",
      async (tags) => {
        expect(await run({ repositoryId: await idOf(app), tags })).toMatchObject({ deleted: 30, refused: 0 });
        expect([await tagsOf(app), await tagsOf(away)]).toEqual([["pr-9"], []]);
      },
    );

    test.each([
      ["is seen", away],
      ["is not seen", app],
    ])("tells what stays, where it is not theirs, by a name that they see: the new one %s", async (_, shown) => {
      authority = { maySee: (name) => name !== away || shown === away, mayDelete: (name) => name !== away };
      expect(await run({ repositoryId: await idOf(app), tags: "pr-*" })).toMatchObject({
        deleted: 25,
        refused: 5,
        refusals: refusals(shown, "it is not for you to delete"),
      });
    });

    test("tells what stays, where all below a node was asked for", async () => {
      const askedAtMs = memory.clock.atMs;
      expect(await run({ path: "team", withBelow: true, tags: "pr-*", askedAtMs })).toMatchObject({
        deleted: 25,
        refusals: refusals(away, "its repository got its name after its deletion was asked for"),
      });
      expect([await tagsOf(app), (await tagsOf(away)).length]).toEqual([["pr-9"], 5]);
    });
  });

  test("ends between two steps when it is cancelled, and goes on with what is left", async () => {
    await pushTags(...Array.from({ length: 30 }, (_, index) => `pr-${index}`));
    const abort = new AbortController();
    const watched = actFor;
    const work = deletionWork({
      registry: memory.registry,
      log: silentLog,
      actAs: () => async (make) => watched(make).finally(() => abort.abort(new Error("cancelled"))),
    });
    const input = { path: app, withBelow: false, requester, tags: "pr-*" };
    const turn = { id: 1, input, progress: undefined, signal: abort.signal, report: () => undefined };
    expect(await failureOf(work.run(turn))).toBe("cancelled");
    expect(await tagsOf()).toHaveLength(5);
    expect(await run(input, undefined, { deleted: 25, repositories: 0 })).toMatchObject({ deleted: 30 });
  });
});

describe("a deletion of a repository", () => {
  test("takes indexes before what they name, with all tags", async () => {
    const { registry } = memory;
    const one = await pushImage(registry, "one");
    const inner = await pushIndex(registry, [one]);
    const outer = await pushIndex(registry, [inner], "latest");
    expect(await run({})).toMatchObject({ deleted: 3, refused: 0 });
    const entries = await listBinEntries(registry.metadata.reads, { limit: 100 });
    expect(entries.map(({ digest }) => digest)).toEqual([one.digest, inner.digest, outer.digest]);
    expect(await tagsOf()).toEqual([]);
  });

  test("leaves what runs somewhere, with what it needs", async () => {
    const { registry } = memory;
    const one = await pushImage(registry, "one");
    const index = await pushIndex(registry, [one], "runs");
    await pushTags("idle");
    const report = { cluster: "eu-1", images: [{ repository: app, digest: index.digest }], nowMs: 1 };
    await registry.metadata.transaction((queries) =>
      putClusterReport(queries, { ...report, holdsUntilMs: memory.clock.atMs + 1000 }),
    );
    const running = expect.stringContaining("running in eu-1");
    expect(await run({})).toMatchObject({
      deleted: 1,
      refused: 1,
      refusals: [{ reference: index.digest, reason: running }],
    });
    expect(await tagsOf()).toEqual(["runs"]);
    const id = (await findRepositoryId(registry.metadata.reads, app)) ?? 0;
    expect(await findTag(registry.metadata.reads, id, "runs" as Tag)).toMatchObject({ digest: index.digest });
  });

  test("takes all below a node, and nothing beside it nor what is not seen", async () => {
    const { registry } = memory;
    for (const repository of [app, other, outside])
      await pushImage(registry, repository, { reference: "v1", repository });
    authority = { ...authority, maySee: (name) => name !== other };
    expect(await run({ path: "team", withBelow: true })).toEqual({
      repositories: 1,
      deleted: 1,
      refused: 0,
      refusals: [],
    });
    expect(await Promise.all([app, other, outside].map(tagsOf))).toEqual([[], ["v1"], ["v1"]]);
  });

  test("of all below a node leaves what has come there since it was asked for", async () => {
    const { registry, clock } = memory;
    const moved = "team/moved" as RepositoryName;
    for (const repository of [app, other, outside])
      await pushImage(registry, repository, { reference: "v1", repository });
    const askedAtMs = clock.atMs++;
    await registry.metadata.transaction(async (queries) => {
      const idOf = async (name: RepositoryName) => (await findRepositoryId(queries, name)) ?? 0;
      const times = { nowMs: clock.atMs, servesUntilMs: clock.atMs, actor: undefined };
      await renameRepository(queries, { id: await idOf(outside), from: outside, to: moved, ...times });
      await putImportTime(queries, await idOf(other), clock.atMs);
    });
    const asked = { path: "team", withBelow: true, askedAtMs };
    const refusals = [
      { repository: moved, reason: "its repository got its name after its deletion was asked for" },
      { repository: other, reason: "its repository was imported after its deletion was asked for" },
    ];
    for (const tags of ["*", undefined])
      expect(await run({ ...asked, tags })).toMatchObject({ deleted: 1, refused: 2, refusals });
    expect(await Promise.all([app, moved, other].map(tagsOf))).toEqual([[], ["v1"], ["v1"]]);
  });

  test("is of the one that it was asked for, whatever name that has when its turn comes", async () => {
    const { metadata } = memory.registry;
    await pushImage(memory.registry, "junk", { reference: "v1" });
    await pushImage(memory.registry, "dear", { reference: "v1", repository: other });
    const repositoryId = await findRepositoryId(metadata.reads, app);
    const rename = (from: RepositoryName, to: RepositoryName) =>
      metadata.transaction((queries) =>
        queries.updateTable("repositories").set({ name: to }).where("name", "=", from).execute(),
      );
    await rename(app, outside);
    await rename(other, app);
    await run({ repositoryId });
    expect([await tagsOf(app), await tagsOf(outside)]).toEqual([["v1"], []]);
  });

  test("is refused where deleting is switched off", async () => {
    await memory.close();
    memory = await openMemoryRegistry({ deleteEnabled: false });
    await pushTags("v1");
    expect(await failureOf(run({}))).toContain("deleting is switched off");
    expect(await listActs(memory.registry.metadata.reads, { act: "manifest.delete", limit: 1 })).toEqual([]);
  });
});
