import { afterEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";

import { startBerth } from "../support/berth.ts";
import { runBerth } from "../support/berth-command.ts";
import { type Dialled, dial } from "../support/dialled.ts";
import { takeFreePort } from "../support/free-port.ts";
import { type Answer, HttpClient, parseErrorBody } from "../support/http-client.ts";
import { askRaw } from "../support/raw-http.ts";
import { randomChunks } from "../support/layer.ts";
import { type Content, contentOf, imageManifest } from "../support/oci-content.ts";
import { octetStream, pushBlob, pushImage, pushManifest, startUpload, withQuery } from "../support/push-content.ts";
import type { RegistryOptions, RunningRegistry } from "../support/registry-process.ts";
import { makePlace, writeConfig } from "../support/place.ts";
import { until } from "../support/until.ts";
import { digestOf } from "../../src/oci/index.ts";
import { ownerOf } from "../../src/processes/index.ts";
import { MetricsText } from "./support/metrics-text.ts";
import { isAlive, servingProcesses } from "../support/serving-processes.ts";

setDefaultTimeout(60_000);

const running: RunningRegistry[] = [];
const connections: Dialled[] = [];
afterEach(async () => {
  for (const connection of connections.splice(0)) connection.hangUp();
  for (const berth of running.splice(0)) await berth.stop();
});

const COUNT = 3;

/** A registry of several processes; each request of the client comes on a connection of its own, so that they share the work. */
async function startSeveral(options: RegistryOptions = {}) {
  const debugPort = takeFreePort();
  const debug = { addr: `127.0.0.1:${debugPort}`, prometheus: { enabled: true } };
  const http = { processes: COUNT, debug, ...(options.config?.["http"] as object) };
  const berth = await startBerth({ ...options, config: { ...options.config, http } });
  running.push(berth);
  await until("all processes serve", () => berth.logs().includes("several processes serve"));
  return { berth, http: new HttpClient(berth.url, { connection: "close" }), debugPort };
}

function contentOfSize(seed: string, sizeBytes: number): Content {
  const bytes = new Uint8Array(Buffer.concat([...randomChunks(seed, sizeBytes)]));
  return { bytes, digest: digestOf(bytes) };
}

/** Sends a blob in three parts and an empty last request, each to whatever process gets it. */
async function pushInParts(http: HttpClient, repository: string, { bytes, digest }: Content): Promise<Answer> {
  const url = await startUpload(http, repository);
  const third = Math.ceil(bytes.byteLength / 3);
  for (let start = 0; start < bytes.byteLength; start += third) {
    const body = bytes.subarray(start, start + third);
    const headers = { ...octetStream, "content-range": `${start}-${start + body.byteLength - 1}` };
    const answer = await http.patch(url, { body, headers });
    if (answer.status !== 202) return answer;
  }
  return http.put(withQuery(url, { digest }));
}

async function metricsOf(debugPort: number): Promise<MetricsText> {
  const answer = await new HttpClient(`http://127.0.0.1:${debugPort}`, { connection: "close" }).get("/metrics");
  return new MetricsText(answer.text);
}

/** Which process answered each request, as the log says. */
function processesIn(logs: string): ReadonlySet<string> {
  return new Set([...logs.matchAll(/msg="response completed" process=(\d)/g)].map(([, process = ""]) => process));
}

describe("several processes", () => {
  test("serve one registry: uploads in parts end whole, whichever process gets which part", async () => {
    const { berth, http } = await startSeveral();
    const contents = Array.from({ length: 40 }, (_, i) => contentOfSize(`part-${i}`, 30_000 + i * 7001));
    const answers = await Promise.all(contents.map((content) => pushInParts(http, "app", content)));
    expect(answers.map(({ status }) => status)).toEqual(contents.map(() => 201));
    for (const { bytes, digest } of contents) {
      const answer = await http.get(`/v2/app/blobs/${digest}`);
      expect(Buffer.compare(answer.bytes, bytes)).toBe(0);
    }
    expect(processesIn(berth.logs()).size).toBe(COUNT);
    // The log knows the client, not the process that passed its request on.
    expect(berth.logs()).not.toMatch(/remoteaddr=(?!127\.0\.0\.1)/);
  });

  test("agree on whose an upload is, however its path is written", async () => {
    const { berth, http } = await startSeveral();
    for (const [from, to] of [
      ["/uploads/", "/uploads%2F"],
      ["/uploads/", "%2fupl%6Fads/"],
      ["-", "%2D"],
    ] as const) {
      const content = contentOfSize(to, 50_000);
      const url = await startUpload(http, "app");
      const written = url.replaceAll(from, to);
      await http.patch(written, { body: content.bytes.subarray(0, 20_000), headers: octetStream });
      await http.patch(url, { body: content.bytes.subarray(20_000), headers: octetStream });
      expect((await http.put(withQuery(written, { digest: content.digest }))).status).toBe(201);
      const id = url.split("/").at(-1) ?? "";
      const lines = () => berth.logs().match(new RegExp(`process=.*vars.uuid=${id}`, "g")) ?? [];
      await until("all three are in the log", () => lines().length === 3);
      expect(new Set(lines().map((line) => line.slice(0, "process=0".length))).size).toBe(1);
    }
  });

  test("see what one of them has acknowledged at once", async () => {
    const { http } = await startSeveral();
    const config = await pushBlob(http, "app", contentOf("{}"));
    const found: (string | null)[] = [];
    const pushed: string[] = [];
    for (let round = 0; round < 150; round++) {
      const manifest = imageManifest({ config, layers: [], more: { annotations: { round: String(round) } } });
      await pushManifest(http, { repository: "app", reference: "latest", content: manifest });
      const answers = await Promise.all(Array.from({ length: 4 }, () => http.head("/v2/app/manifests/latest")));
      for (const { headers } of answers) found.push(headers.get("docker-content-digest"));
      pushed.push(...answers.map(() => manifest.digest));
    }
    expect(found).toEqual(pushed);
  });

  test("count as one", async () => {
    const { http, debugPort } = await startSeveral();
    for (let i = 0; i < 60; i++) await http.get("/v2/");
    const metrics = await metricsOf(debugPort);
    const counted = metrics.find("registry_http_requests_total", { handler: "base", method: "get", code: "200" });
    // One more asked whether the registry had started.
    expect([60, 61]).toContain(counted ?? 0);
    expect(metrics.find("berth_serving_processes")).toBe(COUNT);
    expect(metrics.find("berth_build_info")).toBe(1);
  });

  test("pass on whatever headers come with a request, but for those of the connection", async () => {
    const { berth, http } = await startSeveral();
    for (const header of ["Upgrade: foo", "Connection: Upgrade\r\nUpgrade: websocket", "TE: trailers", "X-A: b"]) {
      // To reach both the owner and others.
      for (let turn = 0; turn < 6; turn++) {
        const { pathname } = new URL(await startUpload(http, "app"));
        const head = `PATCH ${pathname} HTTP/1.1\r\nHost: ${berth.host}\r\n${header}\r\nContent-Length: 5\r\n\r\n`;
        const answer = await askRaw(berth.port, `${head}hello`);
        expect([header, answer.status, answer.headers.get("range")]).toEqual([header, 202, "0-4"]);
      }
    }
    expect(berth.logs()).not.toMatch(/PATCH.*useragent=Bun/);
  });

  test("answer with a fault in the form of the API while the one that has the upload is away", async () => {
    const { berth, http } = await startSeveral();
    const urls: string[] = [];
    await until("each has an upload", async () => {
      // The kernel chooses a process for each connection.
      const { headers } = await askRaw(
        berth.port,
        `POST /v2/app/blobs/uploads/ HTTP/1.1\r\nHost: ${berth.host}\r\n\r\n`,
      );
      urls.push(headers.get("location") ?? "");
      return new Set(urls.map((url) => ownerOf(url.split("/").at(-1) ?? "", COUNT))).size === COUNT;
    });
    // While who watches stands still, those that are killed are not started again.
    process.kill(berth.pid, "SIGSTOP");
    for (const pid of servingProcesses(berth.pid).slice(1)) process.kill(pid, "SIGKILL");
    const faults: Answer[] = [];
    await until("the one that is left answers for all", async () => {
      const answers = await Promise.all(urls.map((url) => http.get(url).catch(() => undefined)));
      faults.push(...answers.filter((answer) => answer !== undefined).filter(({ status }) => status !== 204));
      return answers.every((answer) => answer !== undefined);
    });
    process.kill(berth.pid, "SIGCONT");
    expect(faults.length).toBeGreaterThan(0);
    for (const { status, text, headers } of faults) {
      expect([status, parseErrorBody(text)?.errors[0]?.code]).toEqual([503, "UNAVAILABLE"]);
      expect(headers.get("retry-after")).toBeTruthy();
      expect(headers.get("docker-distribution-api-version")).toBe("registry/2.0");
      const id = headers.get("x-request-id") ?? "no id";
      await until("it is in the log", () => berth.logs().includes(id));
    }
  });
});

describe("a serving process that is killed", () => {
  test("is started again; what was acknowledged is there, and uploads go on", async () => {
    const { berth, http, debugPort } = await startSeveral();
    const image = await pushImage(http, "app", "v1");
    const content = contentOfSize("resumed", 200_000);
    const urls = await Promise.all(Array.from({ length: 6 }, () => startUpload(http, "app")));
    for (const url of urls) await http.patch(url, { body: content.bytes.subarray(0, 100_000), headers: octetStream });
    const counted = await metricsOf(debugPort);
    const before = servingProcesses(berth.pid);
    for (const pid of before) process.kill(pid, "SIGKILL");
    await until("new ones serve", () => {
      const now = servingProcesses(berth.pid);
      return now.length === COUNT && now.every((pid) => !before.includes(pid));
    });
    await until("they answer", async () => (await http.get("/v2/").catch(() => undefined))?.status === 200);
    for (const url of urls) {
      const status = await until204(http, url);
      expect(status.headers.get("range")).toBe("0-99999");
      const rest = { body: content.bytes.subarray(100_000), headers: octetStream };
      expect((await http.put(withQuery(url, { digest: content.digest }), rest)).status).toBe(201);
    }
    const manifest = await http.get("/v2/app/manifests/v1");
    expect(digestOf(manifest.bytes)).toBe(image.manifest.digest);
    expect(berth.logs()).toContain("a serving process ended by itself and is started again");
    await until("all answer", async () => (await metricsOf(debugPort)).find("berth_serving_processes") === COUNT);
    const after = await metricsOf(debugPort);
    expect(after.find("berth_serving_process_restarts_total")).toBe(COUNT);
    // A sum that falls would be taken for one that began anew.
    for (const name of ["registry_http_requests_total", "registry_http_request_duration_seconds_count"])
      expect(after.find(name) ?? 0).toBeGreaterThanOrEqual(counted.find(name) ?? Infinity);
  });
});

async function until204(http: HttpClient, url: string): Promise<Answer> {
  let answer = await http.get(url);
  await until("the upload is known", async () => {
    answer = await http.get(url);
    return answer.status === 204;
  });
  return answer;
}

describe("the end", () => {
  test("comes for all: running requests are done, and nothing is left", async () => {
    const { berth, http } = await startSeveral();
    const content = contentOfSize("slow", 300_000);
    const url = new URL(await startUpload(http, "app"));
    const connection = await dial({ port: berth.port });
    connections.push(connection);
    const head = `PUT ${url.pathname}?digest=${content.digest} HTTP/1.1\r\nHost: ${berth.host}\r\n`;
    connection.send(`${head}Content-Type: application/octet-stream\r\nContent-Length: ${content.bytes.length}\r\n\r\n`);
    connection.send(content.bytes.slice(0, 100_000));
    await Bun.sleep(300);
    const pids = servingProcesses(berth.pid);
    const folder = join(berth.dataDirectory, "berth/processes");
    expect(readdirSync(folder).sort()).toEqual(["0.sock", "1.sock", "2.sock", "changes", "watcher.sock"]);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    berth.kill("SIGTERM");
    await Bun.sleep(300);
    connection.send(content.bytes.slice(100_000));
    await until("the upload is answered", () => connection.received().startsWith("HTTP/1.1 201"));
    expect(await berth.exited).toBe(0);
    expect(pids.filter(isAlive)).toEqual([]);
    expect(existsSync(folder)).toBe(false);
  });

  test("comes as well when the one that watches is killed", async () => {
    const { berth } = await startSeveral();
    const pids = servingProcesses(berth.pid);
    expect(pids).toHaveLength(COUNT);
    berth.kill("SIGKILL");
    await until("all are gone", () => pids.every((pid) => !isAlive(pid)));
  });
});

describe("a start", () => {
  test("is refused where another registry serves the same data, alone or together", async () => {
    const { berth } = await startSeveral();
    const starts = ["1", "2"].map((processes) =>
      runBerth(["serve", berth.configFile], {
        env: {
          REGISTRY_HTTP_ADDR: `127.0.0.1:${takeFreePort()}`,
          REGISTRY_HTTP_DEBUG_ADDR: `127.0.0.1:${takeFreePort()}`,
          REGISTRY_HTTP_PROCESSES: processes,
        },
      }),
    );
    for (const { exitCode, stderr } of await Promise.all(starts))
      expect({ exitCode, stderr }).toEqual({ exitCode: 69, stderr: expect.stringContaining("another Berth serves") });
  });

  test("is refused where the port is another program's", async () => {
    const { folder, config } = makePlace();
    const other = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response() });
    const address = `127.0.0.1:${other.port}`;
    const http = { addr: address, processes: COUNT };
    const { exitCode, stderr } = await runBerth(["serve", writeConfig(folder, { ...config, http })]);
    await other.stop(true);
    expect({ exitCode, stderr }).toEqual({ exitCode: 69, stderr: expect.stringContaining(address) });
  });

  test("that fails in the serving processes tells why, once, and leaves nothing running", async () => {
    const { folder, config } = makePlace();
    const http = { ...config.http, processes: COUNT, tls: { certificate: "/missing.pem", key: "/missing.key" } };
    const { exitCode, stderr } = await runBerth(["serve", writeConfig(folder, { ...config, http })]);
    expect(exitCode).toBe(78);
    expect(stderr.match(/Berth cannot start: .*\/missing\.pem/g)).toHaveLength(1);
  });

  test("is not refused for certificates by ACME that are not used", async () => {
    const tls = { certificate: "/a.pem", key: "/a.key", letsencrypt: { cachefile: "/c", hosts: ["registry.example"] } };
    const { folder, config } = makePlace();
    const file = writeConfig(folder, { ...config, http: { ...config.http, processes: 2, tls } });
    expect((await runBerth(["check-config", file])).stderr).not.toContain("http.processes");
  });

  test.each([
    ["a socket", { REGISTRY_HTTP_NET: "unix", REGISTRY_HTTP_ADDR: "/tmp/berth.sock" }],
    ["memory", { REGISTRY_STORAGE: "inmemory" }],
    ["a database in memory", { REGISTRY_DATABASE_PATH: ":memory:" }],
    ["0 processes", { REGISTRY_HTTP_PROCESSES: "0" }],
  ])("on %s is refused by check-config", async (_, variables) => {
    const env = { REGISTRY_HTTP_PROCESSES: "2", ...variables };
    const { exitCode, stderr } = await runBerth(["check-config"], { env });
    expect(exitCode).toBe(78);
    expect(stderr).toContain("http.processes");
  });
});

test("a serving process is not started by hand", async () => {
  expect(await runBerth(["serving-process"])).toMatchObject({ exitCode: 69, stderr: expect.stringContaining("serve") });
});
