import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createDebugHandler } from "../../../../src/http/health/debug-handler.ts";
import { respondReady } from "../../../../src/http/health/health-pages.ts";
import { createHealth } from "../../../../src/http/health/health.ts";
import { watchedMetrics } from "../../../../src/http/index.ts";
import { createMetrics } from "../../../../src/http/observation/metrics.ts";
import { logTo } from "./log-to.ts";

const faults = { check: undefined as string | undefined, probe: undefined as string | undefined };
let notice: string | undefined;
const clock = { now: 90_000, nowMs: () => clock.now };
const failing = (which: "check" | "probe") => async () => {
  if (faults[which] !== undefined) throw new Error(faults[which]);
  return undefined;
};
const health = createHealth({
  checks: [{ name: "storagedriver_filesystem", intervalMs: 10_000, threshold: 1, run: failing("check") }],
  probes: [{ name: "database", run: failing("probe") }],
  clock,
  log: logTo([]),
  cacheMs: 0,
  findNotice: () => notice,
});
const metrics = createMetrics({ version: "1.2.3", startedAtMs: 1, stopwatchMs: () => 0 });
const options = { health, metrics, metricsPath: "/m", version: "1.2.3", startedAtMs: 30_000, clock };

let server: Bun.Server<undefined>;
beforeAll(() => {
  server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: createDebugHandler(options) });
});
afterAll(async () => {
  metrics.close();
  await server.stop(true);
});

function get(path: string, method = "GET"): Promise<Response> {
  return fetch(`http://127.0.0.1:${server.port}${path}`, { method });
}

describe("while all is well", () => {
  test.each<[string, unknown]>([
    ["/debug/health", {}],
    ["/livez", { status: "ok" }],
    ["/readyz", { status: "ok" }],
  ])("%s", async (path, body) => {
    const response = await get(path);
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe("application/json; charset=utf-8");
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect(await response.json()).toEqual(body);
  });

  test("/debug/vars says what runs", async () => {
    expect(await (await get("/debug/vars")).json()).toMatchObject({
      version: "1.2.3",
      uptimeSeconds: 60,
      memory: { residentBytes: expect.any(Number) },
    });
  });
});

describe("while something is wrong", () => {
  test("it is named, and the process is alive all the same", async () => {
    faults.check = "the disk is gone";
    faults.probe = "the database is gone";
    await health.checkNow();
    const debug = await get("/debug/health");
    expect([debug.status, await debug.json()]).toEqual([503, { storagedriver_filesystem: "the disk is gone" }]);
    const ready = await get("/readyz");
    expect(ready.status).toBe(503);
    expect(await ready.json()).toEqual({
      status: "unavailable",
      faults: { storagedriver_filesystem: "the disk is gone", database: "the database is gone" },
    });
    expect((await get("/livez")).status).toBe(200);
    const toEverybody = await respondReady(health, "nothing");
    expect([toEverybody.status, toEverybody.body]).toEqual([503, '{"status":"unavailable"}']);
    faults.check = faults.probe = undefined;
    await health.checkNow();
    expect((await get("/readyz")).status).toBe(200);
  });
});

test("what is good to know is told beside, and keeps no requests away", async () => {
  notice = "the registry is in read-only mode";
  const ready = await get("/readyz");
  expect([ready.status, await ready.json()]).toEqual([200, { status: "ok", notice }]);
  const toEverybody = await respondReady(health, "nothing");
  expect([toEverybody.status, toEverybody.body]).toEqual([200, '{"status":"ok"}']);
  notice = undefined;
});

test("metrics are at the configured path", async () => {
  const response = await get("/m");
  expect(response.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
  expect(await response.text()).toContain("registry_http_in_flight_requests");
  expect((await get("/metrics")).status).toBe(404);
});

test("without metrics there is no such page", async () => {
  const handle = createDebugHandler({ ...options, metrics: undefined });
  expect((await handle(new Request("http://h/m"))).status).toBe(404);
});

test("anything else is not found, as JSON", async () => {
  const response = await get("/debug/pprof/");
  expect(response.status).toBe(404);
  expect(await response.json()).toMatchObject({ errors: [{ code: "NOT_FOUND" }] });
});

test.each(["POST", "PUT", "DELETE", "OPTIONS"])("%s is refused", async (method) => {
  const response = await get("/debug/health", method);
  expect([response.status, response.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
});

test("HEAD answers as GET without a body", async () => {
  const response = await get("/debug/health", "HEAD");
  expect([response.status, response.headers.get("content-length"), await response.text()]).toEqual([200, "2", ""]);
});

test("metrics of several processes that cannot be had are not those of one", async () => {
  const handle = createDebugHandler({ ...options, metrics: watchedMetrics("/no/such/socket") });
  const answer = await handle(new Request("http://registry.test/m"));
  expect(answer.status).toBe(503);
  expect(await answer.text()).not.toContain("registry_http_requests_total");
});
