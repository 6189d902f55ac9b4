import { afterEach, beforeEach, expect, test } from "bun:test";
import {
  findBinBytes,
  listStored,
  listStoredNow,
  putNodeSetting,
  type StoredSum,
} from "../../../../src/metadata/index.ts";
import type { RepositoryName } from "../../../../src/oci/index.ts";
import { deleteBlob } from "../../../../src/registry/index.ts";
import { measureNode, usageWork } from "../../../../src/upkeep/index.ts";
import { type MemoryRegistry, openMemoryRegistry } from "../../../support/memory-registry.ts";
import { nobody } from "../../../support/nobody.ts";
import { contentOf } from "../../../support/oci-content.ts";
import { pushBlob, pushImage, remove } from "../gc/collected-registry.ts";

const HOUR_MS = 3_600_000;
const [app, api, other, single] = ["team/app", "team/api", "other/app", "single"] as RepositoryName[] as [
  RepositoryName,
  RepositoryName,
  RepositoryName,
  RepositoryName,
];

let memory: MemoryRegistry;
beforeEach(async () => {
  memory = await openMemoryRegistry({ binKeepMs: 1_000_000 });
  memory.clock.atMs = Date.UTC(2026, 10, 20, 12);
});
afterEach(() => memory.close());

async function measure(): Promise<unknown> {
  const work = usageWork(memory, { enabled: true, intervalMs: 1, schedule: undefined });
  const turn = { id: 1, input: {}, progress: undefined, report: () => undefined };
  return work.run({ ...turn, signal: new AbortController().signal });
}

const stored = (node: string, per: "day" | "month" = "day"): Promise<readonly StoredSum[]> =>
  listStored(memory.registry.metadata.reads, { node, per, fromDay: "2026-01-01", toDay: "2027-12-31", limit: 100 });
const push = (repository: RepositoryName, text: string) => pushBlob(memory.registry, text, repository);

test("a namespace holds what a look at it alone says, each that is at the top or has a quota, over several steps", async () => {
  const { metadata } = memory.registry;
  for (let number = 0; number < 400; number++)
    await push([app, api, other][number % 3] ?? app, `blob ${number % 7 === 0 ? "of all" : number}`);
  for (const repository of [app, api, other, single]) await push(repository, "of everybody");
  for (const path of ["", "team/api"])
    await metadata.transaction((queries) =>
      putNodeSetting(queries, { path, name: "quota", value: { tags: 1 }, nowMs: 1 }),
    );
  expect(await measure()).toEqual({ blobs: 344, namespaces: 5 });
  const now = await listStoredNow(metadata.reads, { limit: 100 });
  expect(now.map(({ node }) => node)).toEqual(["", "other", "single", "team", "team/api"]);
  for (const { node, storedBytes, dedupedBytes, uniqueBytes } of now) {
    expect(storedBytes).toBeGreaterThan(0);
    expect(await measureNode(metadata.reads, node, memory.registry)).toMatchObject({
      storedBytes,
      dedupedBytes,
      uniqueBytes,
    });
  }
});

test("what was found counts until it is measured again, over midnights, and an hour twice is counted once", async () => {
  await push(app, "12345");
  await push(api, "12345");
  await push(other, "12345");
  await push(app, "123");
  await measure();
  expect(await stored("team")).toEqual([]);
  // From noon to 06:00 of the day after next.
  memory.clock.atMs += 42 * HOUR_MS;
  await measure();
  await measure();
  const held = (namespace: string, period: string, hours: number, [bytes = 0, once = 0, unique = 0]: number[]) => ({
    node: namespace,
    period,
    hours,
    storedByteHours: bytes * hours,
    dedupedByteHours: once * hours,
    uniqueByteHours: unique * hours,
  });
  const sizes = [13, 8, 3];
  expect(await stored("team")).toEqual([
    held("team", "2026-11-20", 12, sizes),
    held("team", "2026-11-21", 24, sizes),
    held("team", "2026-11-22", 6, sizes),
  ]);
  expect(await stored("team", "month")).toEqual([held("team", "2026-11", 42, sizes)]);
  await push(single, "1");
  await deleteBlob(memory.registry, { repository: app, digest: contentOf("123").digest, by: nobody });
  await measure();
  memory.clock.atMs += HOUR_MS / 2;
  await measure();
  expect((await stored("", "month")).map(({ node, hours, uniqueByteHours }) => [node, hours, uniqueByteHours])).toEqual(
    [
      ["", 42.5, 8 * 42 + 6 / 2],
      ["other", 42.5, 0],
      ["single", 0.5, 0.5],
      ["team", 42.5, 3 * 42],
    ],
  );
});

test("what holds nothing any more is counted no further; a clock that was put back counts nothing", async () => {
  await push(app, "12345");
  await measure();
  memory.clock.atMs -= HOUR_MS;
  await measure();
  expect(await stored("")).toEqual([]);
  memory.clock.atMs += HOUR_MS;
  await deleteBlob(memory.registry, { repository: app, digest: contentOf("12345").digest, by: nobody });
  for (let times = 0; times < 3; times++) {
    await measure();
    memory.clock.atMs += HOUR_MS;
  }
  expect(await stored("team")).toMatchObject([{ hours: 1, storedByteHours: 5 }]);
});

test("days are forgotten after 800", async () => {
  await push(app, "12345");
  await measure();
  memory.clock.atMs += 1000 * 24 * HOUR_MS;
  await measure();
  const days = await listStored(memory.registry.metadata.reads, {
    node: "team",
    per: "day",
    fromDay: "2020-01-01",
    toDay: "2030-01-01",
    limit: 2000,
  });
  expect(days).toHaveLength(801);
});

test("the bin holds the blobs of what is in it", async () => {
  const { registry } = memory;
  const image = await pushImage(registry, "one", { reference: "v1" });
  await measure();
  expect(await findBinBytes(registry.metadata.reads)).toBe(0);
  await remove(registry, image.digest);
  await measure();
  expect(await findBinBytes(registry.metadata.reads)).toBe(image.config.bytes.length + image.layer.bytes.length);
});
