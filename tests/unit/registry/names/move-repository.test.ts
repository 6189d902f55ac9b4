import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  addTagPulls,
  addTagUses,
  areTagsUnchanged,
  findRepositoryId,
  findUpload,
  listLeases,
  listRepositoryMoves,
  putClusterReport,
  putNodeSetting,
  putTagWatch,
  findQuotaDifference,
  findQuotas,
  recountQuota,
} from "../../../../src/metadata/index.ts";
import type { Digest, RepositoryName, Tag } from "../../../../src/oci/index.ts";
import {
  blobKeyOf,
  getBlob,
  moveRepository,
  putWholeBlob,
  type Quota,
  startUpload,
} from "../../../../src/registry/index.ts";
import { changeBy } from "../../../../src/registry/change.ts";
import { findMovedName } from "../../../../src/registry/names/repository-moved.ts";
import { failureOf } from "../../../support/failure-of.ts";
import { type MemoryRegistry, openMemoryRegistry } from "../../../support/memory-registry.ts";
import { nobody } from "../../../support/nobody.ts";
import { contentOf } from "../../../support/oci-content.ts";
import { streamOf } from "../../../support/stream-of.ts";
import { app, pushBlob, pushImage, remove } from "../../upkeep/gc/collected-registry.ts";

const [api, elsewhere, third] = ["team/api", "other/api", "third/api"] as RepositoryName[] as [
  RepositoryName,
  RepositoryName,
  RepositoryName,
];
const DAY_MS = 86_400_000;

let memory: MemoryRegistry;
beforeEach(async () => {
  memory = await openMemoryRegistry({ binKeepMs: DAY_MS });
});
afterEach(() => memory.close());

const move = (from: RepositoryName, to: RepositoryName, redirectMs = DAY_MS) =>
  memory.registry.metadata.transaction((queries) =>
    moveRepository(changeBy(memory.registry, queries, nobody), { from, to, redirectMs }),
  );
const say = (path: string, name: string, value: unknown) =>
  memory.registry.metadata.transaction((queries) => putNodeSetting(queries, { path, name, value, nowMs: 1 }));

async function holds(path: string) {
  const { metadata } = memory.registry;
  expect(await findQuotaDifference(metadata.reads, path)).toBeUndefined();
  expect(await metadata.transaction((queries) => recountQuota(queries, path))).toBeUndefined();
  return (await findQuotas(metadata.reads, [path]))[0]?.uses;
}

describe("what runs somewhere", () => {
  const report = (...images: readonly (readonly [RepositoryName, Digest])[]) =>
    memory.registry.metadata.transaction((queries) =>
      putClusterReport(queries, {
        cluster: "eu-1",
        images: images.map(([repository, digest]) => ({ repository, digest })),
        nowMs: 1,
        holdsUntilMs: memory.clock.atMs + DAY_MS,
      }),
    );
  const running = async () =>
    (await listLeases(memory.registry.metadata.reads, "eu-1")).map(({ repository }) => repository);

  test("is held under the new name, also when another repository has the old one", async () => {
    const { digest } = await pushImage(memory.registry, "runs", { reference: "v1" });
    await report([app, digest]);
    await move(app, api, 0);
    expect(await running()).toEqual([api]);
    await report([app, digest]);
    expect(await running()).toEqual([api]);
    await pushImage(memory.registry, "another", { reference: "v1" });
    await report([app, digest]);
    expect(await running()).toContain(api);
    await report();
    expect(await running()).toEqual([]);
  });
});

describe("a move", () => {
  test("keeps pulls that were not put on record yet, so that no rule takes their tags for unused", async () => {
    const { registry, clock } = memory;
    const { reads } = registry.metadata;
    const { digest } = await pushImage(registry, "one", { reference: "v1" });
    await pushImage(registry, "two", { reference: "v2" });
    clock.atMs += DAY_MS;
    const pulls = ["v2", digest].map((reference) => {
      return { repository: app, reference, pulls: 1, lastAtMs: clock.atMs };
    });
    await move(app, api);
    await registry.metadata.transaction(async (queries) => {
      await addTagPulls(queries, pulls);
      await addTagUses(queries, pulls);
    });
    const uses = await reads.selectFrom("tag_uses").select(["tag", "last_used_at_ms as atMs"]).execute();
    expect(uses).toEqual([
      { tag: "v1" as Tag, atMs: clock.atMs },
      { tag: "v2" as Tag, atMs: clock.atMs },
    ]);
    expect(await reads.selectFrom("tag_pulls").select(["tag", "pulls"]).execute()).toHaveLength(2);
  });

  test("carries what nodes hold from one to the other, each blob once", async () => {
    const { registry } = memory;
    const quota: Quota = { bytes: 1_000_000 };
    for (const path of ["", "team", "team/app", "other"]) await say(path, "quota", quota);
    await pushImage(registry, "one", { reference: "v1" });
    await pushImage(registry, "one", { reference: "v1", repository: api });
    await pushImage(registry, "two", { reference: "v2", repository: elsewhere });
    const [all, team, other] = [await holds(""), await holds("team"), await holds("other")];
    await move(app, third);
    expect(await holds("")).toEqual(all as NonNullable<typeof all>);
    expect(await holds("team")).toEqual({ bytes: team?.bytes ?? 0, tags: 1, repositories: 1 });
    expect(await holds("team/app")).toEqual({ bytes: 0, tags: 0, repositories: 0 });
    await move(api, "other/two" as RepositoryName);
    expect(await holds("team")).toEqual({ bytes: 0, tags: 0, repositories: 0 });
    expect(await holds("other")).toEqual({
      bytes: (other?.bytes ?? 0) + (team?.bytes ?? 0),
      tags: 2,
      repositories: 2,
    });
  });

  test("is refused where a node would hold more than it may, and changes nothing", async () => {
    const { registry } = memory;
    await pushImage(registry, "one", { reference: "v1" });
    await say("other", "quota", { tags: 0 });
    expect(await failureOf(move(app, elsewhere))).toContain("other may hold 0 tags");
    expect(await findRepositoryId(registry.metadata.reads, app)).toBeDefined();
    expect(await findRepositoryId(registry.metadata.reads, elsewhere)).toBeUndefined();
  });

  test("is refused where the repository is protected, is not there, or the name is another's", async () => {
    const { registry } = memory;
    await pushImage(registry, "one", { reference: "v1" });
    await pushImage(registry, "one", { reference: "v1", repository: api });
    expect(await failureOf(move(third, elsewhere))).toBe("there is no repository third/api");
    expect(await failureOf(move(app, api))).toBe("there is a repository team/api already");
    await say("team", "protected", true);
    expect(await failureOf(move(app, elsewhere))).toContain("protected by team");
  });

  test("may take a name of which nothing is left but history", async () => {
    const { registry } = memory;
    await pushImage(registry, "one", { reference: "v1" });
    await registry.metadata.transaction((queries) =>
      queries.insertInto("repositories").values({ name: api, created_at_ms: 1 }).execute(),
    );
    await move(app, api);
    const image = await pushImage(registry, "two", { repository: third });
    await remove(registry, image.digest, third);
    expect(await failureOf(move(api, third))).toContain("it is empty, but for its bin");
  });

  test("takes uploads along, and lets who judges its tags judge them anew", async () => {
    const { registry } = memory;
    await pushImage(registry, "one", { reference: "v1" });
    const { id } = await startUpload(registry, app);
    const repositoryId = (await findRepositoryId(registry.metadata.reads, app)) ?? 0;
    const watch = { repositoryId, run: "run" };
    await registry.metadata.transaction((queries) => putTagWatch(queries, { ...watch, nowMs: 1 }));
    await move(app, api);
    expect(await findUpload(registry.metadata.reads, id)).toMatchObject({ repository: api });
    expect(await areTagsUnchanged(registry.metadata.reads, watch)).toBe(false);
  });
});

describe("an old name", () => {
  const leadsTo = (name: RepositoryName) => findMovedName(memory.registry, name);

  test("leads where the repository is now, until its time is over", async () => {
    await pushImage(memory.registry, "one", { reference: "v1" });
    await move(app, api);
    await move(api, elsewhere, 2 * DAY_MS);
    expect([await leadsTo(app), await leadsTo(api), await leadsTo(elsewhere)]).toEqual([
      elsewhere,
      elsewhere,
      undefined,
    ]);
    memory.clock.atMs += DAY_MS;
    expect([await leadsTo(app), await leadsTo(api)]).toEqual([undefined, elsewhere]);
  });

  test("leads nowhere when the repository gets it back", async () => {
    await pushImage(memory.registry, "one", { reference: "v1" });
    await move(app, api);
    await move(api, app);
    expect([await leadsTo(app), await leadsTo(api)]).toEqual([undefined, app]);
    const moves = await listRepositoryMoves(memory.registry.metadata.reads, memory.clock.atMs, { after: "", limit: 9 });
    expect(moves.map(({ from, to }) => [from, to])).toEqual([[api, app]]);
  });

  test("gets no blob whose bytes were cleaned up while it was asked whether that may follow", async () => {
    const { registry } = memory;
    await pushImage(registry, "one", { reference: "v1" });
    await move(app, api);
    const { digest, bytes } = contentOf("late");
    const push = (mayFollow: () => Promise<boolean>) =>
      putWholeBlob(registry, { repository: app, digest, body: streamOf([bytes]), mayFollow });
    const slowly = push(() => registry.storage.remove(blobKeyOf(digest)).then(() => true));
    expect(await failureOf(slowly)).toContain("push the blob again");
    expect(await failureOf(Promise.try(() => getBlob(registry, api, digest)))).toContain("has no blob");
    await push(() => Promise.resolve(true));
    expect(await getBlob(registry, api, digest)).toMatchObject({ digest });
  });

  test("is not taken by a push as long as it leads elsewhere", async () => {
    await pushImage(memory.registry, "one", { reference: "v1" });
    await move(app, api);
    expect(await failureOf(pushBlob(memory.registry, "late"))).toContain("the repository team/app was moved");
    await move(api, third, 0);
    memory.clock.atMs += DAY_MS;
    await pushBlob(memory.registry, "late");
    expect(await findRepositoryId(memory.registry.metadata.reads, app)).toBeDefined();
  });
});
