import { afterEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";

import { argv } from "../support/argv.ts";
import { startBerth } from "../support/berth.ts";
import { takeFreePort } from "../support/free-port.ts";
import { type Answer, HttpClient, parseErrorBody } from "../support/http-client.ts";
import { contentOf } from "../support/oci-content.ts";
import { pushBlob, pushImage } from "../support/push-content.ts";
import { askRaw } from "../support/raw-http.ts";
import type { RegistryOptions, RunningRegistry } from "../support/registry-process.ts";
import { requireRoot } from "../support/require-program.ts";
import { mustRun } from "../support/run-program.ts";
import { makeTemporaryFolder } from "../support/temporary-folder.ts";
import { until } from "../support/until.ts";

setDefaultTimeout(60_000);

const running: RunningRegistry[] = [];
afterEach(async () => {
  for (const berth of running.splice(0)) await berth.stop();
});

interface Watched {
  readonly berth: RunningRegistry;
  readonly http: HttpClient;
  readonly debug: HttpClient;
}

/** A registry with a debug address. */
async function startWatched(health: object = {}, options: RegistryOptions = {}): Promise<Watched> {
  const addr = `127.0.0.1:${takeFreePort()}`;
  const config = { ...options.config, health, http: { debug: { addr } } };
  const berth = await startBerth({ ...options, config });
  running.push(berth);
  return { berth, http: new HttpClient(berth.url), debug: new HttpClient(`http://${addr}`) };
}

async function untilReady(http: HttpClient, status: 200 | 503): Promise<Answer> {
  let answer = await http.get("/readyz");
  const isSo = async () => {
    answer = await http.get("/readyz");
    return answer.status === status;
  };
  // A result is used for a second.
  await until(`/readyz answers ${status}`, isSo, 5000);
  return answer;
}

describe("a registry that is well", () => {
  test("says so to everybody, and its root is empty", async () => {
    const { http, debug } = await startWatched({}, { htpasswd: { alice: "wonderland" } });
    for (const path of ["/livez", "/readyz"]) {
      const answer = await http.get(path);
      expect([answer.status, answer.text]).toEqual([200, '{"status":"ok"}']);
      expect(answer.headers.get("cache-control")).toBe("no-store");
      expect((await http.head(path)).status).toBe(200);
      expect((await debug.get(path)).text).toBe('{"status":"ok"}');
    }
    const root = await http.get("/");
    expect([root.status, root.text]).toEqual([200, ""]);
    expect((await debug.get("/debug/health")).json()).toEqual({});
    expect((await http.get("/debug/health")).status).toBe(401);
    expect((await http.get("/v2/")).status).toBe(401);
  });

  test("says so on the debug address to a probe of HTTP/1.0, which names no host", async () => {
    const { debug } = await startWatched();
    const port = Number(new URL(debug.url).port);
    const answer = await askRaw(port, "GET /readyz?from=probe HTTP/1.0\r\n\r\n");
    expect([answer.status, answer.text]).toEqual([200, '{"status":"ok"}']);
  });

  test("keeps no file of its probes", async () => {
    const { http, berth } = await startWatched();
    await pushImage(http, "app", "1");
    await untilReady(http, 200);
    expect(readdirSync(join(berth.dataDirectory, "berth/uploads"))).toEqual([]);
  });
});

describe("/readyz", () => {
  test("fails while the folder of unfinished uploads cannot be written, names it on the debug address, and recovers", async () => {
    const { berth, http, debug } = await startWatched();
    const uploads = join(berth.dataDirectory, "berth/uploads");
    rmSync(uploads, { recursive: true, force: true });
    writeFileSync(uploads, "");
    expect((await untilReady(http, 503)).text).toBe('{"status":"unavailable"}');
    const told = await untilReady(debug, 503);
    expect(told.json()).toEqual({ status: "unavailable", faults: { storage: expect.stringContaining(uploads) } });
    expect((await http.get("/livez")).status).toBe(200);
    // What can be served is served: nothing is closed.
    expect((await http.get("/v2/")).status).toBe(200);
    rmSync(uploads);
    expect((await untilReady(http, 200)).text).toBe('{"status":"ok"}');
    await pushImage(http, "app", "1");
  });

  requireRoot().describe("on a mount", () => {
    test("names that it is read-only, and is ready, as pulls do not mind", async () => {
      const { berth, http, debug } = await startWatched();
      const { layer } = await pushImage(http, "app", "1");
      const folder = join(berth.dataDirectory, "berth/uploads");
      mkdirSync(folder, { recursive: true });
      await mustRun(argv`mount --bind ${folder} ${folder}`);
      try {
        await mustRun(argv`mount -o remount,ro,bind ${folder}`);
        let told = await debug.get("/readyz");
        await until("it is named", async () => (told = await debug.get("/readyz")).text.includes("read-only"), 5000);
        expect([told.status, told.json()]).toEqual([
          200,
          { status: "degraded", faults: { storage: expect.any(String) } },
        ]);
        expect((await http.get("/readyz")).text).toBe('{"status":"degraded"}');
        expect((await http.get(`/v2/app/blobs/${layer.digest}`)).bytes).toEqual(layer.bytes);
        const blob = contentOf("not now");
        const refused = await http.post(`/v2/app/blobs/uploads/?digest=${blob.digest}`, { body: blob.bytes });
        expect(refused.status).toBe(503);
        expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
      } finally {
        await mustRun(argv`umount ${folder}`);
      }
      await until("all is well", async () => (await http.get("/readyz")).text === '{"status":"ok"}', 5000);
      await pushBlob(http, "app", contentOf("now"));
    });
  });

  test("fails while the data directory is away, no push is acknowledged meanwhile, and none makes another", async () => {
    const { berth, http } = await startWatched();
    await pushImage(http, "app", "before");
    const away = `${berth.dataDirectory}-away`;
    renameSync(berth.dataDirectory, away);
    await untilReady(http, 503);
    const blob = contentOf("into nowhere");
    const refused = await http.post(`/v2/app/blobs/uploads/?digest=${blob.digest}`, { body: blob.bytes });
    expect(refused.status).toBe(503);
    // With a folder of the same name, what comes back, such as a mount, would hide it.
    expect(existsSync(berth.dataDirectory)).toBe(false);
    renameSync(away, berth.dataDirectory);
    await untilReady(http, 200);
    await pushImage(http, "app", "after");
    expect((await http.get("/v2/app/tags/list")).json()).toEqual({ name: "app", tags: ["after", "before"] });
  });

  test("fails while the database file is away, and recovers", async () => {
    const { berth, http, debug } = await startWatched();
    const database = join(berth.dataDirectory, "berth/berth.db");
    renameSync(database, `${database}-away`);
    const told = await untilReady(debug, 503);
    expect(told.json()).toEqual({ status: "unavailable", faults: { database: expect.stringContaining(database) } });
    renameSync(`${database}-away`, database);
    await untilReady(http, 200);
    await pushImage(http, "app", "1");
  });

  test("fails for good when the database was removed, and no push is acknowledged", async () => {
    const { berth, http } = await startWatched();
    const folder = join(berth.dataDirectory, "berth");
    for (const name of readdirSync(folder).filter((name) => name.startsWith("berth.db"))) rmSync(join(folder, name));
    await untilReady(http, 503);
    const blob = contentOf("no row will name it");
    const refused = await http.post(`/v2/app/blobs/uploads/?digest=${blob.digest}`, { body: blob.bytes });
    expect(refused.status).toBe(503);
  });
});

describe("while a configured check fails", () => {
  const interval = "50ms";

  test("every path is answered with 503 but those that tell of it, until it passes again", async () => {
    const file = join(makeTemporaryFolder("health"), "down");
    const { berth, http, debug } = await startWatched(
      { file: [{ file, interval }] },
      { htpasswd: { alice: "wonderland" }, config: { log: { level: "info" } } },
    );
    expect((await http.get("/v2/")).status).toBe(401);
    writeFileSync(file, "");
    await until("/debug/health answers 503", async () => (await debug.get("/debug/health")).status === 503);

    for (const path of ["/", "/v2/", "/v2/_catalog", "/v2/app/manifests/1", "/nowhere"]) {
      const answer = await http.get(path);
      expect(answer.status).toBe(503);
      expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
      expect(parseErrorBody(answer.text)?.errors).toEqual([
        { code: "UNAVAILABLE", message: expect.any(String), detail: "health check failed: please see /debug/health" },
      ]);
    }
    const head = await http.head("/v2/");
    expect([head.status, head.text]).toEqual([503, ""]);
    expect((await http.post("/v2/app/blobs/uploads/")).status).toBe(503);
    expect((await debug.get("/debug/health")).json()).toEqual({ [file]: "file exists" });
    expect((await http.get("/livez")).status).toBe(200);
    expect((await http.get("/readyz")).text).toBe('{"status":"unavailable"}');
    expect((await debug.get("/readyz")).json()).toMatchObject({ faults: { [file]: "file exists" } });

    rmSync(file);
    await until("/v2/ asks for the login again", async () => (await http.get("/v2/")).status === 401);
    expect((await debug.get("/debug/health")).json()).toEqual({});
    await untilReady(http, 200);
    await berth.stop();
    const log = berth.logs();
    expect(log.match(/msg="health check failed"/g)).toHaveLength(1);
    expect(log.match(/msg="health check passes again"/g)).toHaveLength(1);
  });

  test("of the storage, it is named as registry:2 names it", async () => {
    const { berth, http, debug } = await startWatched({ storagedriver: { enabled: true, interval, threshold: 2 } });
    const away = `${berth.dataDirectory}-away`;
    renameSync(berth.dataDirectory, away);
    await until("/v2/ answers 503", async () => (await http.get("/v2/")).status === 503);
    expect((await debug.get("/debug/health")).json()).toEqual({
      storagedriver_filesystem: expect.stringContaining(berth.dataDirectory),
    });
    renameSync(away, berth.dataDirectory);
    await until("/v2/ answers 200", async () => (await http.get("/v2/")).status === 200);
  });

  test("of another server, by HTTP or TCP, it is named by URL or address", async () => {
    let status = 200;
    let asked = 0;
    const fetch = () => {
      asked += 1;
      return new Response(null, { status });
    };
    const web = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch });
    let dialled = 0;
    const other = createServer(() => dialled++).listen(0, "127.0.0.1");
    await new Promise((resolve) => other.once("listening", resolve));
    const { port } = other.address() as { port: number };
    const uri = `http://127.0.0.1:${web.port}/up`;
    const addr = `127.0.0.1:${port}`;
    const { http, debug } = await startWatched({ http: [{ uri, interval }], tcp: [{ addr, interval }] });
    await until("both were looked at twice", () => Math.min(asked, dialled) >= 2);
    expect((await debug.get("/debug/health")).json()).toEqual({});
    status = 500;
    await until("the URL fails", async () => uri in ((await debug.get("/debug/health")).json() as object));
    await new Promise((resolve) => other.close(resolve));
    await until("the address fails", async () => addr in ((await debug.get("/debug/health")).json() as object));
    expect((await debug.get("/debug/health")).json()).toEqual({
      [uri]: "downstream service returned unexpected status: 500",
      [addr]: `connection to ${addr} failed`,
    });
    expect((await http.get("/v2/")).status).toBe(503);
    status = 200;
    const again = createServer().listen(port, "127.0.0.1");
    await until("both pass", async () => (await http.get("/v2/")).status === 200);
    again.close();
    await web.stop(true);
  });
});

describe("the debug address", () => {
  test("tells a little of the process, and has nothing else", async () => {
    const { berth, debug } = await startWatched();
    const variables = (await debug.get("/debug/vars")).json();
    expect(variables).toMatchObject({ version: expect.any(String), memory: { residentBytes: expect.any(Number) } });
    expect((await debug.get("/debug/pprof/")).status).toBe(404);
    expect((await debug.get("/v2/")).status).toBe(404);
    expect((await debug.post("/debug/health")).status).toBe(405);
    // It asks for no login, so it must not tell secrets.
    expect(JSON.stringify(variables)).not.toContain(berth.dataDirectory);
  });
});
