import { afterEach, expect, setDefaultTimeout, test } from "bun:test";

import { startBerth } from "../support/berth.ts";
import type { RunningRegistry } from "../support/registry-process.ts";
import { requireFlat, soak } from "./support/soak.ts";

setDefaultTimeout(60_000);

let berth: RunningRegistry | undefined;
afterEach(() => berth?.stop());

test("20 seconds of mixed load: no failure, and memory and descriptors stay what they are", async () => {
  berth = await startBerth({ config: { log: { accesslog: { disabled: true } } } });
  const figures = await soak(berth, { durationMs: 20_000, report: (line) => console.log(line) });
  expect(figures.requests).toBeGreaterThan(0);
  requireFlat(figures);
});
