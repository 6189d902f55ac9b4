import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createHealthChecks } from "../../../../src/http/health/health-checks.ts";
import type { HealthOptions } from "../../../../src/http/health/options.ts";
import { systemClock } from "../../../../src/runtime/index.ts";
import { openStorage, type StorageDriver } from "../../../../src/storage/index.ts";

const pace = { intervalMs: 10_000, threshold: 1 };
const none: HealthOptions = { storageDriver: { ...pace, enabled: false }, files: [], http: [], tcp: [] };

let folder: string;
let storage: StorageDriver;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "berth-health-"));
  storage = await openStorage({ kind: "filesystem", rootDirectory: join(folder, "data") }, { clock: systemClock });
});
afterAll(async () => {
  await storage.close();
  await rm(folder, { recursive: true });
});

/** Runs the one check that is configured: its name, and what it says. */
async function check(options: Partial<HealthOptions>): Promise<[string | undefined, string]> {
  const [only, ...others] = createHealthChecks({ ...none, ...options }, storage);
  expect(others).toBeEmpty();
  const fault = await only?.run().then(
    () => "ok",
    (error: Error) => error.message,
  );
  return [only?.name, fault ?? "no check"];
}

test("there are none by default", () => {
  expect(createHealthChecks(none, storage)).toEqual([]);
});

describe("the storage", () => {
  const options = { storageDriver: { ...pace, enabled: true } };

  test("is well while it can be written", async () => {
    expect(await check(options)).toEqual(["storagedriver_filesystem", "ok"]);
  });

  test("is not when its folder is gone", async () => {
    const gone = join(folder, "gone");
    const driver = await openStorage({ kind: "filesystem", rootDirectory: gone }, { clock: systemClock });
    await rm(gone, { recursive: true });
    await Bun.write(gone, "a file where the folder was");
    const [only] = createHealthChecks({ ...none, ...options }, driver);
    expect(await only?.run().catch((error: Error) => error.name)).toBe("StorageError");
    await driver.close();
  });
});

test("a file that exists is a fault, under its path", async () => {
  const path = join(folder, "down");
  expect(await check({ files: [{ ...pace, path }] })).toEqual([path, "ok"]);
  await Bun.write(path, "");
  expect(await check({ files: [{ ...pace, path }] })).toEqual([path, "file exists"]);
});

describe("a URL", () => {
  const options = { ...pace, statusCode: 200, timeoutMs: 5000, headers: { "X-A": ["b", "c"] } };

  test("is asked with HEAD and the headers, and must answer with the status", async () => {
    const seen: string[] = [];
    const server = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      fetch(request) {
        seen.push(`${request.method} ${new URL(request.url).pathname} ${request.headers.get("x-a")}`);
        return new Response(null, { status: 418 });
      },
    });
    const url = `http://127.0.0.1:${server.port}/x`;
    const unexpected = "downstream service returned unexpected status: 418";
    expect(await check({ http: [{ ...options, url }] })).toEqual([url, unexpected]);
    expect(await check({ http: [{ ...options, url, statusCode: 418 }] })).toEqual([url, "ok"]);
    expect(seen).toEqual(["HEAD /x b, c", "HEAD /x b, c"]);
    await server.stop(true);
  });

  test("that cannot be reached is a fault", async () => {
    const url = "http://127.0.0.1:1/refused";
    expect(await check({ http: [{ ...options, url }] })).toEqual([url, `error while checking: ${url}`]);
  });

  test("that never answers is a fault after the time-out", async () => {
    const server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Promise<Response>(() => undefined) });
    const url = `http://127.0.0.1:${server.port}/`;
    expect(await check({ http: [{ ...options, url, timeoutMs: 20 }] })).toEqual([url, `error while checking: ${url}`]);
    await server.stop(true);
  });
});

test("an address must accept connections", async () => {
  const server = createServer((socket) => socket.end()).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as AddressInfo;
  const options = { ...pace, timeoutMs: 5000, address: { hostname: "127.0.0.1", port } };
  expect(await check({ tcp: [options] })).toEqual([`127.0.0.1:${port}`, "ok"]);
  await new Promise((resolve) => server.close(resolve));
  expect(await check({ tcp: [options] })).toEqual([`127.0.0.1:${port}`, `connection to 127.0.0.1:${port} failed`]);
  const ipv6 = { ...options, address: { hostname: "::1", port: 1 } };
  expect(await check({ tcp: [ipv6] })).toEqual(["[::1]:1", "connection to [::1]:1 failed"]);
});
