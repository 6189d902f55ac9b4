import { afterEach, beforeEach, expect, test } from "bun:test";
import { findLeaseWithin, putClusterReport, putNodeSetting } from "../../../../src/metadata/index.ts";
import { OCI_IMAGE_INDEX } from "../../../../src/oci/index.ts";
import { listSimulated, listTags, listVerdicts, putManifest } from "../../../../src/registry/index.ts";
import { UsageMeter } from "../../../../src/upkeep/index.ts";
import { applyRetention, type RetentionRun } from "../../../../src/upkeep/retention/apply-retention.ts";
import { type MemoryRegistry, openMemoryRegistry } from "../../../support/memory-registry.ts";
import { nobody } from "../../../support/nobody.ts";
import { imageIndex } from "../../../support/oci-content.ts";
import { logTo } from "../../http/health/log-to.ts";
import { app, pushImage } from "../gc/collected-registry.ts";

const DAY_MS = 86_400_000;

let memory: MemoryRegistry;
let meter: UsageMeter;
beforeEach(async () => {
  memory = await openMemoryRegistry();
  memory.clock.atMs = Date.now();
  const { metadata, clock } = memory.registry;
  meter = new UsageMeter({ metadata, clock, log: logTo([]) });
  const path = "team";
  const value = [{ tags: ["*"], pulledWithin: "30d" }];
  await metadata.transaction((queries) => putNodeSetting(queries, { path, name: "retention", value, nowMs: 1 }));
  await meter.flush();
});
afterEach(async () => {
  await meter.stop();
  await memory.close();
});

const nothing = { pulls: 0, pushes: 0, receivedBytes: 0, sentBytes: 0, cutBytes: 0 } as const;
const pulled = (pulledReference: string) =>
  meter.note({ repository: app, principal: "", ...nothing, pulls: 1, pulledReference });
const checked = (checkedReference: string) =>
  meter.note({ repository: app, principal: "", ...nothing, checkedReference });
const apply = (options: Partial<RetentionRun> = {}) =>
  applyRetention({
    registry: memory.registry,
    run: "run-1",
    signal: new AbortController().signal,
    restFactor: 0,
    ...options,
  });
/** As if it was said each minute that uses are on record. */
async function serveFor(days: number): Promise<void> {
  memory.clock.atMs += days * DAY_MS;
  await memory.registry.metadata.transaction((queries) =>
    queries.updateTable("counters").set({ value: memory.clock.atMs }).where("room", "=", "usage").execute(),
  );
}
const beOffFor = (days: number) => (memory.clock.atMs += days * DAY_MS);
const tags = async () =>
  (await listTags(memory.registry, app, { after: "", limit: undefined })).names as readonly string[];

test("tags that nobody has used for so long go, those that somebody has stay", async () => {
  for (const reference of ["by-tag", "by-digest", "checked", "unused", "new"])
    await pushImage(memory.registry, reference, { reference });
  const { digest } = await pushImage(memory.registry, "by-digest", { reference: "by-digest" });
  await serveFor(20);
  pulled("by-tag");
  pulled(digest);
  checked("checked");
  await meter.flush();
  await pushImage(memory.registry, "new", { reference: "new" });
  await serveFor(29);
  expect(await apply()).toMatchObject({ judged: 5, expired: 1 });
  expect(await tags()).toEqual(["by-digest", "by-tag", "checked", "new"]);
  await serveFor(2);
  expect(await apply()).toMatchObject({ judged: 4, expired: 4 });
});

test("whoever pulls an image of one platform uses the tags of the index", async () => {
  const child = await pushImage(memory.registry, "child");
  const { bytes: body } = imageIndex([child]);
  const reference = { kind: "tag", tag: "all" } as Parameters<typeof putManifest>[1]["reference"];
  const push = { repository: app, reference, tags: [], contentType: OCI_IMAGE_INDEX, body, by: nobody };
  await putManifest(memory.registry, push);
  await serveFor(31);
  pulled(child.digest);
  await meter.flush();
  expect(await apply()).toMatchObject({ judged: 1, expired: 0 });
});

test("a pull that is not on record yet counts", async () => {
  await pushImage(memory.registry, "app", { reference: "1.0" });
  await serveFor(31);
  pulled("1.0");
  expect(await apply({ dryRun: true })).toMatchObject({ expired: 1 });
  expect(await apply({ recordPulls: () => meter.flush() })).toMatchObject({ expired: 0 });
  expect(await tags()).toEqual(["1.0"]);
});

test("a pull between judgement and removal counts", async () => {
  await pushImage(memory.registry, "app", { reference: "1.0" });
  await pushImage(memory.registry, "other", { reference: "2.0" });
  await serveFor(31);
  let calls = 0;
  const recordPulls = async () => {
    // The second is right before the transaction that removes.
    if (++calls === 2) pulled("1.0");
    await meter.flush();
  };
  expect(await apply({ recordPulls })).toMatchObject({ expired: 1, postponed: 0 });
  expect(await tags()).toEqual(["1.0"]);
});

test("the time does not count in which the registry was off", async () => {
  await pushImage(memory.registry, "app", { reference: "1.0" });
  await pushImage(memory.registry, "other", { reference: "2.0" });
  await serveFor(20);
  beOffFor(100);
  // Before the meter has said that it is on again, and after.
  expect(await apply({ dryRun: true })).toMatchObject({ judged: 2, expired: 0 });
  await meter.flush();
  expect(await apply()).toMatchObject({ expired: 0 });
  await serveFor(5);
  beOffFor(50);
  await meter.flush();
  pulled("1.0");
  await serveFor(4);
  expect(await apply()).toMatchObject({ expired: 0 });
  await serveFor(2);
  expect(await apply({ recordPulls: () => meter.flush() })).toMatchObject({ expired: 1 });
  expect(await tags()).toEqual(["1.0"]);
});

test("the time does not count in which nothing could be pushed", async () => {
  let isReadOnly = false;
  const { metadata, clock } = memory.registry;
  const guarded = new UsageMeter({ metadata, clock, log: logTo([]), isReadOnly: () => isReadOnly });
  await pushImage(memory.registry, "app", { reference: "1.0" });
  isReadOnly = true;
  for (let day = 0; day < 40; day++) {
    memory.clock.atMs += DAY_MS;
    await guarded.flush();
  }
  isReadOnly = false;
  expect(await apply()).toMatchObject({ expired: 0 });
  await guarded.stop();
  await serveFor(31);
  expect(await apply()).toMatchObject({ expired: 1 });
});

test("preview and simulation leave the same time out", async () => {
  const startedAtMs = memory.clock.atMs;
  await pushImage(memory.registry, "app", { reference: "1.0" });
  beOffFor(40);
  const of = { node: "team", after: "", limit: 10, nowMs: memory.clock.atMs };
  const { reads } = memory.registry.metadata;
  const preview = async () => (await listVerdicts(reads, { ...of, isWanted: () => true })).items;
  const simulation = async () =>
    (await listSimulated(reads, { ...of, nowMs: memory.clock.atMs, sinceMs: startedAtMs, everyMs: DAY_MS })).items;
  expect(await preview()).toMatchObject([
    { isKept: true, reason: expect.stringContaining("within 30d, without times when no pull was on record") },
  ]);
  expect(await simulation()).toEqual([]);
  await meter.flush();
  await serveFor(31);
  expect(await simulation()).toMatchObject([{ tag: "1.0", goneAtMs: startedAtMs + 71 * DAY_MS }]);
});

test("a clock that was wrong for a while leaves no time out", async () => {
  await pushImage(memory.registry, "app", { reference: "1.0" });
  const wasAtMs = memory.clock.atMs;
  memory.clock.atMs += 1000 * DAY_MS;
  await meter.flush();
  memory.clock.atMs = wasAtMs + 60_000;
  await meter.flush();
  await serveFor(31);
  expect(await apply()).toMatchObject({ expired: 1 });
});

test("what a cluster ran before the registry was off is held for as long as was left", async () => {
  const { digest } = await pushImage(memory.registry, "app", { reference: "1.0" });
  await serveFor(31);
  const images = [{ repository: app, digest }];
  const times = { nowMs: memory.clock.atMs, holdsUntilMs: memory.clock.atMs + 7 * DAY_MS };
  await memory.registry.metadata.transaction((queries) =>
    putClusterReport(queries, { cluster: "eu", images, ...times }),
  );
  beOffFor(10);
  const held = { repository: app, repositoryId: 1, digest };
  const isHeld = async () =>
    (await findLeaseWithin(memory.registry.metadata.reads, { ...held, nowMs: memory.clock.atMs })) !== undefined;
  expect(await isHeld()).toBe(true);
  await meter.flush();
  await serveFor(6);
  expect(await isHeld()).toBe(true);
  expect(await apply()).toMatchObject({ expired: 0 });
  await serveFor(2);
  expect(await isHeld()).toBe(false);
});
