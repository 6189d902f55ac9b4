import { afterEach, beforeEach, expect, test } from "bun:test";
import { listActs, putNodeSetting, recountQuota, removeNodeSetting } from "../../../../src/metadata/index.ts";
import type { RepositoryName } from "../../../../src/oci/index.ts";
import { type Quota, QuotaExceededError } from "../../../../src/registry/index.ts";
import { QuotaWatch } from "../../../../src/upkeep/index.ts";
import { type MemoryRegistry, openMemoryRegistry } from "../../../support/memory-registry.ts";
import { logTo } from "../../http/health/log-to.ts";
import { pushBlob } from "../gc/collected-registry.ts";

let memory: MemoryRegistry;
let lines: string[];
beforeEach(async () => {
  memory = await openMemoryRegistry({ isAudited: true });
  lines = [];
});
afterEach(() => memory.close());

const openWatch = () => new QuotaWatch({ registry: memory.registry, log: logTo(lines) });
const say = (path: string, value: Quota) =>
  memory.registry.metadata.transaction((queries) => putNodeSetting(queries, { path, name: "quota", value, nowMs: 1 }));
const takeBack = (path: string) =>
  memory.registry.metadata.transaction((queries) => removeNodeSetting(queries, { path, name: "quota" }));
async function quotaActs() {
  const found = await listActs(memory.registry.metadata.reads, { afterSequence: 0, limit: 100 });
  return found
    .filter(({ act }) => act.startsWith("quota."))
    .map(({ act, target, detail }) => ({ act, target, detail: JSON.parse(detail ?? "null") as unknown }));
}
async function push(text: string): Promise<void> {
  await pushBlob(memory.registry, text).catch((error: unknown) => {
    if (!(error instanceof QuotaExceededError)) throw error;
    memory.registry.quotaRefusals.note(error);
  });
}

test("a limit that is nearly reached is told once, over restarts and what is counted anew, and again after it was not", async () => {
  await say("", { repositories: 50 });
  await say("team", { bytes: 10, tags: 0 });
  const watch = openWatch();
  await push("12345678");
  await watch.lookForNearlyFull();
  expect(await quotaActs()).toEqual([]);
  await push("9");
  await watch.lookForNearlyFull();
  await push("0");
  await watch.lookForNearlyFull();
  await memory.registry.metadata.transaction((queries) => recountQuota(queries, "team"));
  await openWatch().lookForNearlyFull();
  const warned = { act: "quota.warn", target: "team", detail: { quantity: "bytes", limit: 10, holds: 9 } };
  expect(await quotaActs()).toEqual([warned]);
  expect(lines).toEqual([expect.stringContaining("team holds 9 bytes of the 10 bytes that it may (90 %)")]);
  await say("team", { bytes: 100 });
  await watch.lookForNearlyFull();
  await say("team", { bytes: 11 });
  await watch.lookForNearlyFull();
  expect((await quotaActs()).slice(1)).toEqual([{ ...warned, detail: { quantity: "bytes", limit: 11, holds: 10 } }]);
  await takeBack("team");
  await say("team", { bytes: 11 });
  await watch.lookForNearlyFull();
  expect(watch.warned).toBe(3);
});

test("the root's limits are told as well", async () => {
  await say("", { bytes: 1 });
  await push("1");
  await openWatch().lookForNearlyFull();
  expect(await quotaActs()).toMatchObject([{ act: "quota.warn", target: "", detail: { quantity: "bytes" } }]);
});

test("refused pushes are told once an hour, with how many they were", async () => {
  const { registry, clock } = memory;
  await say("team", { bytes: 3 });
  const [one, other] = [openWatch(), openWatch()];
  for (let times = 0; times < 5; times++) await push("1234");
  await one.tellRefusals();
  const refused = (times: number) => ({
    act: "quota.refused",
    target: "team",
    detail: { quantity: "bytes", limit: 3, holds: 0, adds: 4, repository: "team/app" as RepositoryName, times },
  });
  expect(await quotaActs()).toEqual([refused(5)]);
  await push("1234");
  await other.tellRefusals();
  await push("1234");
  clock.atMs += 3_599_999;
  await one.tellRefusals();
  expect(await quotaActs()).toEqual([refused(5)]);
  clock.atMs += 1;
  await one.tellRefusals();
  await one.tellRefusals();
  expect(await quotaActs()).toEqual([refused(5), refused(2)]);
  expect(registry.quotaRefusals.counts).toEqual({ bytes: 7 });
  expect(lines).toHaveLength(2);
});
