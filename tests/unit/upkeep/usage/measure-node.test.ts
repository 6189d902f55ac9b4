import { afterEach, beforeEach, expect, test } from "bun:test";
import type { RepositoryName } from "../../../../src/oci/index.ts";
import { measureNode } from "../../../../src/upkeep/index.ts";
import { type MemoryRegistry, openMemoryRegistry } from "../../../support/memory-registry.ts";
import { imageManifest } from "../../../support/oci-content.ts";
import { pushBlob, pushManifest } from "../gc/collected-registry.ts";

let memory: MemoryRegistry;
beforeEach(async () => {
  memory = await openMemoryRegistry();
});
afterEach(() => memory.close());

const push = (repository: string, text: string) => pushBlob(memory.registry, text, repository as RepositoryName);

test("a node is measured over many repositories and many blobs of one", async () => {
  for (let number = 0; number < 45; number++) await push(`team/r${number}`, "of all");
  for (let number = 0; number < 450; number++) await push("team/r7", `${number + 1000}`);
  await push("teams/outside", "of all");
  const own = await push("team", "own");
  // The others are empty, as without a manifest they are shown nowhere.
  await pushManifest(memory.registry, imageManifest({ config: own, layers: [] }), {
    repository: "team" as RepositoryName,
  });
  const { reads } = memory.registry.metadata;
  const [storedBytes, dedupedBytes] = [45 * 6 + 450 * 4 + 3, 6 + 450 * 4 + 3];
  const use = { repositories: 1, tags: 0, manifests: 1, storedBytes, dedupedBytes, uniqueBytes: dedupedBytes - 6 };
  expect(await measureNode(reads, "team", memory.registry)).toEqual(use);
  expect(await measureNode(reads, "", memory.registry)).toMatchObject({
    repositories: 1,
    storedBytes: storedBytes + 6,
    uniqueBytes: dedupedBytes,
  });
  expect(await measureNode(reads, "nobody", memory.registry)).toMatchObject({ repositories: 0, storedBytes: 0 });
});

test("others have their turn meanwhile", async () => {
  for (let number = 0; number < 5; number++) await push(`team/r${number}`, `${number}`);
  let others = 0;
  const timer = setInterval(() => (others += 1), 1);
  let nowMs = 0;
  await measureNode(memory.registry.metadata.reads, "team", { clock: { nowMs: () => (nowMs += 20) } });
  clearInterval(timer);
  expect(others).toBeGreaterThan(0);
});
