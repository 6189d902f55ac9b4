import { afterEach, beforeEach, expect, test } from "bun:test";
import { putNodeSetting } from "../../../../src/metadata/index.ts";
import { OCI_IMAGE_INDEX } from "../../../../src/oci/index.ts";
import { listTags, putManifest } from "../../../../src/registry/index.ts";
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
});
afterEach(async () => {
  await meter.stop();
  await memory.close();
});

const nothing = { pulls: 0, pushes: 0, receivedBytes: 0, sentBytes: 0 } as const;
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
const tags = async () =>
  (await listTags(memory.registry, app, { after: "", limit: undefined })).names as readonly string[];

test("tags that nobody has used for so long go, those that somebody has stay", async () => {
  for (const reference of ["by-tag", "by-digest", "checked", "unused", "new"])
    await pushImage(memory.registry, reference, { reference });
  const { digest } = await pushImage(memory.registry, "by-digest", { reference: "by-digest" });
  memory.clock.atMs += 20 * DAY_MS;
  pulled("by-tag");
  pulled(digest);
  checked("checked");
  await meter.flush();
  await pushImage(memory.registry, "new", { reference: "new" });
  memory.clock.atMs += 29 * DAY_MS;
  expect(await apply()).toMatchObject({ judged: 5, expired: 1 });
  expect(await tags()).toEqual(["by-digest", "by-tag", "checked", "new"]);
  memory.clock.atMs += 2 * DAY_MS;
  expect(await apply()).toMatchObject({ judged: 4, expired: 4 });
});

test("whoever pulls an image of one platform uses the tags of the index", async () => {
  const child = await pushImage(memory.registry, "child");
  const { bytes: body } = imageIndex([child]);
  const reference = { kind: "tag", tag: "all" } as Parameters<typeof putManifest>[1]["reference"];
  const push = { repository: app, reference, tags: [], contentType: OCI_IMAGE_INDEX, body, by: nobody };
  await putManifest(memory.registry, push);
  memory.clock.atMs += 31 * DAY_MS;
  pulled(child.digest);
  await meter.flush();
  expect(await apply()).toMatchObject({ judged: 1, expired: 0 });
});

test("a pull that is not on record yet counts", async () => {
  await pushImage(memory.registry, "app", { reference: "1.0" });
  memory.clock.atMs += 31 * DAY_MS;
  pulled("1.0");
  expect(await apply({ dryRun: true })).toMatchObject({ expired: 1 });
  expect(await apply({ recordPulls: () => meter.flush() })).toMatchObject({ expired: 0 });
  expect(await tags()).toEqual(["1.0"]);
});

test("a pull between judgement and removal counts", async () => {
  await pushImage(memory.registry, "app", { reference: "1.0" });
  await pushImage(memory.registry, "other", { reference: "2.0" });
  memory.clock.atMs += 31 * DAY_MS;
  let calls = 0;
  const recordPulls = async () => {
    // The second is right before the transaction that removes.
    if (++calls === 2) pulled("1.0");
    await meter.flush();
  };
  expect(await apply({ recordPulls })).toMatchObject({ expired: 1, postponed: 0 });
  expect(await tags()).toEqual(["1.0"]);
});
