import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  claimJob,
  findJob,
  findRepositoryId,
  insertJob,
  listBinEntries,
  listManifestDigests,
  listRepositories,
  listTagChanges,
  listTagTargets,
  pruneTagHistory,
  putNodeSetting,
  removeBinEntries,
} from "../../../../src/metadata/index.ts";
import type { RepositoryName, Tag } from "../../../../src/oci/index.ts";
import { moveRepository, restoreFromBin } from "../../../../src/registry/index.ts";
import { changeBy } from "../../../../src/registry/change.ts";
import { windBack } from "../../../../src/upkeep/transfers.ts";
import { type MemoryRegistry, openMemoryRegistry } from "../../../support/memory-registry.ts";
import { nobody } from "../../../support/nobody.ts";
import type { Content } from "../../../support/oci-content.ts";
import { app, pushImage, pushIndex, remove } from "../gc/collected-registry.ts";

let memory: MemoryRegistry;
const clock = { later: () => (memory.clock.atMs += 1000) };

beforeEach(async () => {
  memory = await openMemoryRegistry({ binKeepMs: 7 * 86_400_000, isAudited: true });
});
afterEach(() => memory.close());

const ALL = { after: "", limit: 1000 };

/** What clients see: of each repository in the catalog its tags, with what they point at, and its manifests. */
async function content(): Promise<Record<string, unknown>> {
  const { reads } = memory.registry.metadata;
  const seen: Record<string, unknown> = {};
  for (const name of await listRepositories(reads, ALL)) {
    const id = await idOf(name);
    const tags = (await listTagTargets(reads, id, ALL)).map((tag) => `${tag.name} ${tag.digest}`);
    seen[name] = { tags, manifests: await listManifestDigests(reads, id, ALL) };
  }
  return seen;
}

const idOf = async (name: RepositoryName) => (await findRepositoryId(memory.registry.metadata.reads, name)) ?? 0;

function goBack(atMs: number) {
  const { metadata, options } = memory.registry;
  const { signal } = new AbortController();
  return windBack({ metadata, options, atMs, nowMs: clock.later(), backup: "the-backup", signal });
}

const push = (name: string, reference?: string, repository = app) =>
  pushImage(memory.registry, name, { repository, ...(reference !== undefined && { reference }) });
const sign = ({ digest }: Content, name: string, repository = app) =>
  pushImage(memory.registry, name, { repository, more: { subject: { mediaType: "a/b", digest, size: 1 } } });
const restoreLast = () =>
  memory.registry.metadata.transaction(async (queries) => {
    const [entry] = await listBinEntries(queries, { limit: 1 });
    if (!entry) throw new Error("the bin is empty");
    const { validation } = memory.registry.options;
    const restore = { entry, force: false, validation, requireMayMove: () => undefined };
    return restoreFromBin(changeBy(memory.registry, queries, nobody), restore);
  });

describe("a registry goes back to a time", () => {
  test("with tags, manifests, indexes and referrers as they were then", async () => {
    const { registry } = memory;
    const [moved, deleted] = [await push("moved", "prod"), await push("deleted", "v1")];
    const child = await push("child");
    const index = await pushIndex(registry, [child], "multi");
    const signature = await sign(deleted, "signature");
    await push("tag alone", "untagged");
    const before = await content();
    const atMs = memory.clock.atMs;

    clock.later();
    await remove(registry, signature.digest);
    await remove(registry, deleted.digest);
    await remove(registry, index.digest);
    await remove(registry, child.digest);
    await remove(registry, "untagged");
    await push("newer", "prod");
    await sign(moved, "newer signature");
    await pushIndex(registry, [await push("newer child")], "newer-index");
    await push("first", "1.0", "later/app" as RepositoryName);
    expect(await content()).not.toEqual(before);

    const wound = await goBack(atMs);
    expect(await content()).toEqual(before);
    expect(wound).toMatchObject({ manifestsBack: 4, tagsBack: 3, tagsMoved: 1, tagsGone: 2, repositoriesGone: 1 });
    expect([wound.tagsLost.count, wound.tagsUnknown.count, wound.incomplete.count, wound.damaged]).toEqual([
      0, 0, 0, 0,
    ]);
    // What came later can be had back, and the history tells of all.
    expect(wound.manifestsGone).toBe(5);
    expect(await listBinEntries(registry.metadata.reads, { limit: 100 })).toHaveLength(5);
    const [last] = await listTagChanges(
      registry.metadata.reads,
      { repositoryId: await idOf(app), tag: "prod" as Tag },
      { limit: 1 },
    );
    expect(last).toMatchObject({ cause: "restore", digest: moved.digest, actor: null });
  });

  test("whatever is immutable or protected, or more than a quota allows", async () => {
    const { registry } = memory;
    await push("one", "v1");
    await push("two", "v2");
    const before = await content();
    const atMs = memory.clock.atMs;
    clock.later();
    await push("three", "v1");
    await remove(registry, "v2");
    await push("four", "v4");
    for (const [name, value] of [
      ["immutable-tags", ["v*"]],
      ["protected", true],
      ["quota", { manifests: 1, tags: 1 }],
    ] as const)
      await registry.metadata.transaction((queries) =>
        putNodeSetting(queries, { path: "team/app", name, value, nowMs: memory.clock.atMs }),
      );
    await goBack(atMs);
    expect(await content()).toEqual(before);
  });

  test("and what was deleted and came again meanwhile was there then", async () => {
    const { registry } = memory;
    const [again, back] = [await push("again"), await push("back")];
    const before = await content();
    const atMs = memory.clock.atMs;
    clock.later();
    await remove(registry, again.digest);
    await push("again");
    await remove(registry, back.digest);
    await restoreLast();
    expect(await goBack(atMs)).toMatchObject({ manifestsBack: 0, manifestsGone: 0 });
    expect(await content()).toEqual(before);
  });

  test("and what came and went meanwhile stays away", async () => {
    await push("one", "v1");
    const before = await content();
    const atMs = memory.clock.atMs;
    clock.later();
    const brief = await push("brief", "v2");
    const index = await pushIndex(memory.registry, [brief]);
    await remove(memory.registry, index.digest);
    await remove(memory.registry, brief.digest);
    expect(await goBack(atMs)).toMatchObject({ manifestsBack: 0, tagsBack: 0 });
    expect(await content()).toEqual(before);
  });

  test("and what was asked for later, and is not done yet, is not done again", async () => {
    const { registry } = memory;
    await push("one", "v1");
    const ask = (kind: string, asked: { requestedBy: string | null; input?: string }) =>
      registry.metadata.transaction((queries) =>
        insertJob(queries, { kind, openKey: null, input: "{}", nowMs: memory.clock.atMs, ...asked }),
      );
    const before = await ask("deletion", { requestedBy: "anna" });
    const atMs = memory.clock.atMs;
    clock.later();
    const later = await ask("deletion", { requestedBy: "mallory" });
    const running = await ask("tag-move", { requestedBy: null, input: '{"requester":{"subjects":[]}}' });
    const claim = { id: running, fence: 1, nowMs: memory.clock.atMs, leaseUntilMs: memory.clock.atMs + 60_000 };
    await registry.metadata.transaction((queries) => claimJob(queries, claim));
    const planned = await ask("retention", { requestedBy: null });
    expect(await goBack(atMs)).toMatchObject({ jobsCancelled: 2 });
    const stateOf = async (id: number) => (await findJob(registry.metadata.reads, id))?.state;
    expect([await stateOf(before), await stateOf(later), await stateOf(running), await stateOf(planned)]).toEqual([
      "waiting",
      "cancelled",
      "cancelled",
      "waiting",
    ]);
  });

  test("in steps, and twice is as once", async () => {
    for (let number = 0; number < 120; number++) await push(`old ${number}`, `old-${number}`);
    const before = await content();
    const atMs = memory.clock.atMs;
    clock.later();
    for (let number = 0; number < 120; number++) await push(`new ${number}`, `new-${number}`);
    for (let number = 0; number < 120; number++) await remove(memory.registry, `old-${number}`);
    expect(await goBack(atMs)).toMatchObject({ tagsBack: 120, tagsGone: 120, manifestsGone: 120 });
    expect(await content()).toEqual(before);
    expect(await goBack(atMs)).toMatchObject({ tagsBack: 0, tagsGone: 0, manifestsGone: 0 });
    expect(await content()).toEqual(before);
  });
});

describe("what cannot go back is told, and stays", () => {
  test("a tag whose manifest is gone for good", async () => {
    const { registry } = memory;
    const { digest } = await push("one", "v1");
    const atMs = memory.clock.atMs;
    clock.later();
    await remove(registry, digest);
    await registry.metadata.transaction(async (queries) => {
      const entries = await listBinEntries(queries, { limit: 10 });
      await removeBinEntries(
        queries,
        entries.map(({ id }) => id),
      );
    });
    expect(await goBack(atMs)).toMatchObject({ tagsLost: { count: 1, first: ["team/app:v1"] } });
  });

  test("a tag whose history is forgotten", async () => {
    const { registry } = memory;
    await push("one", "v1");
    const atMs = clock.later();
    clock.later();
    await push("two", "v1");
    clock.later();
    const three = await push("three", "v1");
    await registry.metadata.transaction((queries) => pruneTagHistory(queries, memory.clock.atMs, 2));
    expect(await goBack(atMs)).toMatchObject({ tagsUnknown: { count: 1, first: ["team/app:v1"] } });
    expect(await content()).toMatchObject({ "team/app": { tags: [`v1 ${three.digest}`] } });
  });

  test("an index of which a manifest is gone for good, and one that is damaged", async () => {
    const { registry } = memory;
    const child = await push("child");
    const index = await pushIndex(registry, [child], "multi");
    const atMs = memory.clock.atMs;
    clock.later();
    await remove(registry, index.digest);
    await remove(registry, child.digest);
    await registry.metadata.transaction(async (queries) => {
      const entry = (await listBinEntries(queries, { limit: 10 })).find(({ digest }) => digest === child.digest);
      await queries
        .updateTable("bin_entries")
        .set({ body: new Uint8Array([1]) })
        .where("id", "=", entry?.id ?? 0)
        .execute();
    });
    expect(await goBack(atMs)).toMatchObject({
      manifestsBack: 1,
      damaged: 1,
      incomplete: { count: 1, first: [`team/app@${index.digest}`] },
    });
  });

  test("a name that a repository got later", async () => {
    await push("one", "v1");
    const atMs = memory.clock.atMs;
    clock.later();
    const to = "team/other" as RepositoryName;
    await memory.registry.metadata.transaction((queries) =>
      moveRepository(changeBy(memory.registry, queries, nobody), { from: app, to, redirectMs: 0 }),
    );
    expect(await goBack(atMs)).toMatchObject({ renamed: { count: 1, first: ["team/app is team/other"] } });
    expect(Object.keys(await content())).toEqual([to]);
  });
});
