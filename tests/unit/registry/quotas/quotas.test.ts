import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { sql } from "kysely";
import {
  findQuotaDifference,
  findQuotas,
  listBinEntries,
  putNodeSetting,
  type QuotaQuantities,
  recountQuota,
  removeNamespace,
  removeNodeSetting,
} from "../../../../src/metadata/index.ts";
import type { RepositoryName } from "../../../../src/oci/index.ts";
import { deleteBlob, mountBlob, putWholeBlob, type Quota, restoreFromBin } from "../../../../src/registry/index.ts";
import { changeBy } from "../../../../src/registry/change.ts";
import { type MemoryRegistry, openMemoryRegistry } from "../../../support/memory-registry.ts";
import { streamOf } from "../../../support/stream-of.ts";
import { nobody } from "../../../support/nobody.ts";
import { contentOf } from "../../../support/oci-content.ts";
import {
  app,
  collect,
  hasBytes,
  pushBlob,
  pushImage,
  pushManifest,
  remove,
} from "../../upkeep/gc/collected-registry.ts";

const [api, other] = ["team/api", "other/app"] as RepositoryName[] as [RepositoryName, RepositoryName];

const HOUR_MS = 3_600_000;

let memory: MemoryRegistry;
beforeEach(async () => {
  memory = await openMemoryRegistry({ binKeepMs: 1000 });
  memory.clock.atMs = Date.now() + HOUR_MS;
});
afterEach(() => memory.close());

const say = (path: string, value: Quota) =>
  memory.registry.metadata.transaction((queries) => putNodeSetting(queries, { path, name: "quota", value, nowMs: 1 }));
const usesOf = async (path: string): Promise<QuotaQuantities | undefined> =>
  (await findQuotas(memory.registry.metadata.reads, [path]))[0]?.uses;
const failureOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => "nothing failed",
    (error: unknown) => error,
  );
const mount = (repository: RepositoryName, from: RepositoryName, text: string) =>
  mountBlob(memory.registry, { repository, from, digest: contentOf(text).digest, mayPull: () => true });

/** What is counted is what there is, of every node with a quota; @returns what `path` holds */
async function holds(path: string): Promise<QuotaQuantities | undefined> {
  const { metadata } = memory.registry;
  expect(await findQuotaDifference(metadata.reads, path)).toBeUndefined();
  expect(await metadata.transaction((queries) => recountQuota(queries, path))).toBeUndefined();
  return (await findQuotas(metadata.reads, [path]))[0]?.uses;
}

describe("what a node holds", () => {
  test("is counted when a quota is said, and forgotten when it is taken back", async () => {
    const { registry } = memory;
    await pushBlob(registry, "12345");
    await pushBlob(registry, "12345", api);
    await pushBlob(registry, "123", other);
    await pushBlob(registry, "1", "teams/app" as RepositoryName);
    expect(await usesOf("team")).toBeUndefined();
    await say("team", { bytes: 100 });
    await say("", { bytes: 100 });
    expect(await usesOf("team")).toEqual({ bytes: 5, tags: 0, repositories: 0 });
    expect(await usesOf("")).toEqual({ bytes: 9, tags: 0, repositories: 0 });
    await registry.metadata.transaction((queries) => removeNodeSetting(queries, { path: "", name: "quota" }));
    await registry.metadata.transaction((queries) => removeNamespace(queries, "team"));
    const { rows } = await sql`
      select path from quota_uses union all select path from quota_blobs
      union all select path from quota_repositories`.execute(registry.metadata.reads);
    expect(rows).toEqual([]);
  });

  test("follows pushes, mounts and deletions, each blob once", async () => {
    const { registry } = memory;
    await say("team", { bytes: 1000 });
    await say("team/app", { bytes: 1000 });
    await pushBlob(registry, "12345");
    await pushBlob(registry, "12345");
    expect(await holds("team")).toEqual({ bytes: 5, tags: 0, repositories: 0 });
    await mount(api, app, "12345");
    expect(await holds("team")).toEqual({ bytes: 5, tags: 0, repositories: 0 });
    const blob = { digest: contentOf("12345").digest, by: nobody };
    await deleteBlob(registry, { ...blob, repository: app });
    expect(await holds("team/app")).toEqual({ bytes: 0, tags: 0, repositories: 0 });
    expect(await holds("team")).toEqual({ bytes: 5, tags: 0, repositories: 0 });
    await deleteBlob(registry, { ...blob, repository: api });
    expect(await holds("team")).toEqual({ bytes: 0, tags: 0, repositories: 0 });
  });

  test("follows tags, clean-up and what comes back from the bin", async () => {
    const { registry, clock } = memory;
    await say("team", { bytes: 1000 });
    const image = await pushImage(registry, "one", { reference: "v1" });
    await pushManifest(registry, image, { reference: "v2" });
    const full = await holds("team");
    expect(full).toMatchObject({ tags: 2, repositories: 1 });
    await remove(registry, image.digest);
    expect(await holds("team")).toEqual({ ...(full as QuotaQuantities), tags: 0, repositories: 0 });
    await registry.metadata.transaction(async (queries) => {
      const [entry] = await listBinEntries(queries, { limit: 1 });
      if (!entry) throw new Error("the bin is empty");
      const { validation } = registry.options;
      const restore = { entry, force: false, validation, requireMayMove: () => undefined };
      await restoreFromBin(changeBy(registry, queries, nobody), restore);
    });
    expect(await holds("team")).toEqual(full as QuotaQuantities);
    await remove(registry, image.digest);
    clock.atMs += HOUR_MS;
    await collect(registry);
    clock.atMs += HOUR_MS;
    await collect(registry);
    expect(await holds("team")).toEqual({ bytes: 0, tags: 0, repositories: 0 });
  });

  test("follows repositories that go, and sizes that were wrong", async () => {
    const { registry } = memory;
    await pushImage(registry, "one", { reference: "v1" });
    await say("team", { bytes: 1000 });
    await registry.metadata.transaction((queries) =>
      sql`update blobs set size_bytes = size_bytes + 7 where digest = ${contentOf("layer of one").digest}`.execute(
        queries,
      ),
    );
    await holds("team");
    await registry.metadata.transaction((queries) => sql`delete from repositories`.execute(queries));
    expect(await holds("team")).toEqual({ bytes: 0, tags: 0, repositories: 0 });
  });
});

describe("a push over a quota", () => {
  test("of bytes is refused with the numbers, leaves nothing, and its bytes to clean-up", async () => {
    const { registry, clock } = memory;
    await say("team", { bytes: 10 });
    await pushBlob(registry, "1234567");
    expect(await failureOf(pushBlob(registry, "abcd"))).toMatchObject({
      kind: "denied",
      message:
        "team may hold 10 bytes, holds 7 bytes, and this would add 4 bytes: delete what is not needed and let clean-up run, " +
        "or have the quota raised",
      details: [{ node: "team", quantity: "bytes", limit: 10, holds: 7, adds: 4 }],
    });
    expect(await holds("team")).toMatchObject({ bytes: 7 });
    await pushBlob(registry, "abc");
    expect(await holds("team")).toMatchObject({ bytes: 10 });
    clock.atMs += HOUR_MS;
    await collect(registry);
    expect(await hasBytes(registry, contentOf("abcd").digest)).toBe(false);
  });

  test("of bytes that others have leaves them those", async () => {
    const { registry, clock } = memory;
    await pushBlob(registry, "1234567", other);
    await pushImage(registry, "one", { repository: other });
    await say("team", { bytes: 5 });
    const { message } = (await failureOf(pushBlob(registry, "layer of one"))) as Error;
    expect(message).toContain("would add 12 bytes");
    expect(await failureOf(mount(app, other, "1234567"))).toMatchObject({ kind: "denied" });
    clock.atMs += HOUR_MS;
    await collect(registry);
    expect(await hasBytes(registry, contentOf("layer of one").digest)).toBe(true);
  });

  test("of tags and of repositories is refused; what adds nothing is not, however low the limit is", async () => {
    const { registry } = memory;
    await say("team", { tags: 1, repositories: 1 });
    const image = await pushImage(registry, "one", { reference: "v1" });
    const another = await pushImage(registry, "two");
    expect(await failureOf(pushManifest(registry, image, { reference: "v2" }))).toMatchObject({
      kind: "denied",
      message:
        "team may hold 1 tag, holds 1 tag, and this would add 1 tag: delete what is not needed, or have the quota raised",
    });
    expect(await failureOf(pushImage(registry, "x", { repository: api }))).toMatchObject({
      message: expect.stringContaining(
        "team may hold 1 repository, holds 1 repository, and this would add 1 repository",
      ),
    });
    await say("team", { bytes: 0, tags: 0, repositories: 0 });
    await pushBlob(registry, "layer of one");
    await pushManifest(registry, another, { reference: "v1" });
    expect(await failureOf(pushManifest(registry, another, { reference: "v2" }))).toMatchObject({ kind: "denied" });
    expect(await holds("team")).toMatchObject({ tags: 1, repositories: 1 });
  });

  test("is refused by each of two quotas, one below the other", async () => {
    const { registry } = memory;
    await say("team", { bytes: 10 });
    await say("team/app", { bytes: 6 });
    await say("", { bytes: null, tags: 5 });
    expect(await failureOf(pushBlob(registry, "1234567"))).toMatchObject({ details: [{ node: "team/app" }] });
    await pushBlob(registry, "123456");
    expect(await failureOf(pushBlob(registry, "12345", api))).toMatchObject({ details: [{ node: "team" }] });
    expect(await failureOf(pushBlob(registry, "12345"))).toMatchObject({
      message: expect.stringMatching(/^team may hold 10 bytes, .*; team\/app may hold 6 bytes, .*: delete/),
      details: [{ node: "team" }, { node: "team/app" }],
    });
    await pushBlob(registry, "1234", api);
    await pushBlob(registry, "12345678901234567890", other);
  });

  test("of bytes is refused before a large body is read, where its length is known", async () => {
    const { registry } = memory;
    await say("team", { bytes: 3_000_000 });
    const [large, known] = [contentOf("x".repeat(2_000_000)), contentOf("y".repeat(2_000_000))];
    const read: number[] = [];
    const push = ({ bytes, digest }: typeof large) => {
      const announced = { announcedBytes: bytes.byteLength, onReceived: (count: number) => void read.push(count) };
      return putWholeBlob(registry, { repository: app, digest, body: streamOf([bytes]), ...announced });
    };
    await push(known);
    read.length = 0;
    expect(await failureOf(push(large))).toMatchObject({
      kind: "denied",
      message: expect.stringContaining("team may hold 2.9 MiB, holds 1.9 MiB, and this would add 1.9 MiB"),
    });
    expect(read).toEqual([]);
    expect(await hasBytes(registry, large.digest)).toBe(false);
    await push(known);
    expect(read).not.toEqual([]);
  });
});
