import { afterEach, expect, setDefaultTimeout, test } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";

import { startBerth } from "../support/berth.ts";
import type { RunningRegistry } from "../support/registry-process.ts";
import { raceCollection } from "./support/collection-race.ts";

setDefaultTimeout(90_000);

let berth: RunningRegistry | undefined;
afterEach(() => berth?.stop());

test("20 seconds of clean-up without a window against clients: no acknowledged image breaks, and nothing else stays", async () => {
  const storage = { delete: { enabled: true }, maintenance: { gc: { enabled: false }, bin: { keep: "0s" } } };
  berth = await startBerth({ config: { log: { accesslog: { disabled: true } }, storage } });
  const { broken, needed, collected, operations, images, runs } = await raceCollection(berth, {
    durationMs: 20_000,
    clients: 12,
  });
  console.log(`${JSON.stringify(operations)}; ${runs} runs: ${JSON.stringify(collected)}; ${images} images at the end`);
  expect(broken).toEqual([]);
  expect(collected.failed).toBe(0);
  // Blobs went while others pushed them again.
  expect(
    Math.min(collected.blobs, collected.links, operations["pushed"] ?? 0, operations["deleted"] ?? 0),
  ).toBeGreaterThan(0);
  const folder = join(berth.dataDirectory, "docker/registry/v2/blobs/sha256");
  const stored = readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith("/data"))
    .map((path) => `sha256:${path.split("/")[1] ?? ""}`);
  expect(stored.toSorted()).toEqual([...needed].toSorted());
});
