import { afterEach, describe, expect, setDefaultTimeout, test } from "bun:test";

import { startBerth } from "../support/berth.ts";
import { HttpClient } from "../support/http-client.ts";
import { randomChunks } from "../support/layer.ts";
import { contentOf } from "../support/oci-content.ts";
import { pushBlob, pushImage, startUpload } from "../support/push-content.ts";
import { digestOf } from "../../src/oci/index.ts";
import type { RunningRegistry } from "../support/registry-process.ts";
import { isAnswering, startServe } from "../support/berth-command.ts";
import { dial, type Dialled } from "../support/dialled.ts";
import { MetricsText } from "./support/metrics-text.ts";
import { makePlace, writeConfig } from "../support/place.ts";
import { describeFigures, figuresOf } from "../support/process-figures.ts";
import { until } from "../support/until.ts";

setDefaultTimeout(90_000);

const running: RunningRegistry[] = [];
const connections: Dialled[] = [];
const timers: ReturnType<typeof setInterval>[] = [];
afterEach(async () => {
  for (const timer of timers.splice(0)) clearInterval(timer);
  for (const connection of connections.splice(0)) connection.hangUp();
  for (const berth of running.splice(0)) await berth.stop();
});

interface Crowded {
  readonly berth: RunningRegistry;
  readonly http: HttpClient;
}

async function startCrowded(idletimeout = "120s"): Promise<Crowded> {
  const http = { limits: { idletimeout }, metrics: { enabled: true }, draintimeout: "1s" };
  const berth = await startBerth({ config: { log: { level: "error", accesslog: { disabled: true } }, http } });
  running.push(berth);
  return { berth, http: new HttpClient(berth.url) };
}

async function dialMany(berth: RunningRegistry, count: number): Promise<Dialled[]> {
  const dialled = await Promise.all(Array.from({ length: count }, () => dial({ port: berth.port })));
  connections.push(...dialled);
  return dialled;
}

/** Sends a byte a second on each. */
function trickle(dialled: readonly Dialled[]): void {
  timers.push(setInterval(() => dialled.forEach((connection) => connection.send("x")), 1000));
}

/** Pushes and pulls as if nobody else were there; how long each pull took. */
async function useAsUsual(http: HttpClient): Promise<number[]> {
  const { layer } = await pushImage(http, "app", "1");
  const durationsMs: number[] = [];
  for (let i = 0; i < 100; i++) {
    const startedAtMs = performance.now();
    const pulled = await http.get(`/v2/app/blobs/${layer.digest}`);
    durationsMs.push(performance.now() - startedAtMs);
    expect(pulled.bytes).toEqual(layer.bytes);
  }
  return durationsMs.sort((a, b) => a - b);
}

function report(about: string, berth: RunningRegistry): void {
  console.log(`${about}: ${describeFigures(figuresOf(berth.pid))}`);
}

const mebibyte = 1024 * 1024;

describe("clients that send a byte a second", () => {
  test("of their headers, 200 of them, keep nobody waiting, and are cut", async () => {
    const { berth, http } = await startCrowded();
    const before = figuresOf(berth.pid);
    const slow = await dialMany(berth, 200);
    for (const connection of slow) connection.send(`GET /v2/ HTTP/1.1\r\nHost: ${berth.host}\r\nX-Slow: `);
    trickle(slow);
    await until("all are connected", () => figuresOf(berth.pid).openFiles >= before.openFiles + slow.length);
    report("200 half heads", berth);
    const durationsMs = await useAsUsual(http);
    console.log(
      `pulls beside them: median ${durationsMs[50]?.toFixed(1)} ms, slowest ${durationsMs[99]?.toFixed(1)} ms`,
    );
    // A handful of milliseconds is usual; what would be wrong is waiting for them.
    expect(durationsMs[50]).toBeLessThan(1000);
    const closed = Promise.all(slow.map((connection) => connection.closed)).then(() => true);
    expect(await Promise.race([closed, Bun.sleep(45_000)])).toBe(true);
    await until("their files are closed", () => figuresOf(berth.pid).openFiles <= before.openFiles + 5);
  });

  test("of a manifest, or stop sending it, are cut by the idle time-out; of a blob they are not yet", async () => {
    const { berth, http } = await startCrowded("4s");
    const location = new URL(await startUpload(http, "app"));
    const [silent, slow, patient] = (await dialMany(berth, 3)) as [Dialled, Dialled, Dialled];
    const head = (request: string) =>
      `${request} HTTP/1.1\r\nHost: ${berth.host}\r\nContent-Type: application/json\r\nContent-Length: 10000\r\n\r\n`;
    silent.send(`${head("PUT /v2/app/manifests/1")}{`);
    slow.send(`${head("PUT /v2/app/manifests/2")}{`);
    patient.send(`${head(`PATCH ${location.pathname}${location.search}`)}12345`);
    trickle([slow]);
    const cut = Promise.all([silent.closed, slow.closed]).then(() => true);
    expect(await Promise.race([cut, Bun.sleep(45_000)])).toBe(true);
    expect(silent.received()).toBe("");
    patient.send("x".repeat(9995));
    await until("the upload is taken", () => patient.received().startsWith("HTTP/1.1 202 "));
    await useAsUsual(http);
  });
});

describe("connections that rest", () => {
  const count = 500;

  async function askOnEach(berth: RunningRegistry): Promise<Dialled[]> {
    const idle = await dialMany(berth, count);
    for (const connection of idle) connection.send(`GET /v2/ HTTP/1.1\r\nHost: ${berth.host}\r\n\r\n`);
    await until("all are answered", () => idle.every((connection) => connection.received().endsWith("{}")));
    return idle;
  }

  test("cost little, and nothing after the clients hung up", async () => {
    const { berth, http } = await startCrowded();
    await useAsUsual(http);
    const before = figuresOf(berth.pid);
    report("before", berth);
    const idle = await askOnEach(berth);
    const during = figuresOf(berth.pid);
    report(`${count} at rest`, berth);
    expect(during.openFiles).toBeGreaterThanOrEqual(before.openFiles + count);
    await useAsUsual(http);
    for (const connection of idle) connection.hangUp();
    await until("their files are closed", () => figuresOf(berth.pid).openFiles <= before.openFiles + 5);
    report("after", berth);
    expect(figuresOf(berth.pid).residentBytes).toBeLessThan(before.residentBytes + 100 * mebibyte);
  });

  test("are closed by the idle time-out", async () => {
    const { berth } = await startCrowded("2s");
    const before = figuresOf(berth.pid);
    const idle = await askOnEach(berth);
    const closed = Promise.all(idle.map((connection) => connection.closed)).then(() => true);
    expect(await Promise.race([closed, Bun.sleep(45_000)])).toBe(true);
    await until("their files are closed", () => figuresOf(berth.pid).openFiles <= before.openFiles + 5);
  });
});

describe("transfers that stand still", () => {
  const count = 100;

  test("of pulls, hold no memory for what is not read", async () => {
    const { berth, http } = await startCrowded();
    const bytes = new Uint8Array(Buffer.concat([...randomChunks("large", 32 * mebibyte)]));
    const large = await pushBlob(http, "app", { bytes, digest: digestOf(bytes) });
    await useAsUsual(http);
    const before = figuresOf(berth.pid);
    report("before", berth);
    const slow = await dialMany(berth, count);
    for (const connection of slow) {
      connection.pause();
      connection.send(`GET /v2/app/blobs/${large.digest} HTTP/1.1\r\nHost: ${berth.host}\r\n\r\n`);
    }
    await until("all are answered", async () => {
      const metrics = new MetricsText((await http.get("/metrics")).text);
      return (metrics.find("registry_http_requests_total", { handler: "blob", method: "get" }) ?? 0) >= count;
    });
    const durationsMs = await useAsUsual(http);
    report(`${count} pulls of 32 MiB that nobody reads`, berth);
    expect(durationsMs[50]).toBeLessThan(1000);
    expect(figuresOf(berth.pid).residentBytes).toBeLessThan(before.residentBytes + 150 * mebibyte);
    for (const connection of slow) connection.hangUp();
    await until("their files are closed", () => figuresOf(berth.pid).openFiles <= before.openFiles + 5);
  });

  test("of pushes, keep what came, and let go of everything when their clients are gone", async () => {
    const { berth, http } = await startCrowded();
    await useAsUsual(http);
    const before = figuresOf(berth.pid);
    const slow = await dialMany(berth, count);
    const part = contentOf("x".repeat(100_000)).bytes;
    const paths: string[] = [];
    for (const connection of slow) {
      const { pathname } = new URL(await startUpload(http, "app"));
      paths.push(pathname);
      connection.send(`PATCH ${pathname} HTTP/1.1\r\nHost: ${berth.host}\r\nContent-Length: 900000\r\n\r\n`);
      connection.send(part);
    }
    const active = async () => new MetricsText((await http.get("/metrics")).text).find("berth_uploads_active");
    await until("all are at work", async () => (await active()) === count);
    const durationsMs = await useAsUsual(http);
    report(`${count} pushes that wait`, berth);
    expect(durationsMs[50]).toBeLessThan(1000);
    expect(figuresOf(berth.pid).residentBytes).toBeLessThan(before.residentBytes + 150 * mebibyte);
    for (const connection of slow) connection.hangUp();
    await until("no upload is at work", async () => (await active()) === 0);
    await until("their files are closed", () => figuresOf(berth.pid).openFiles <= before.openFiles + 5);
    for (const path of paths) expect((await http.get(path)).headers.get("range")).toBe("0-99999");
  });
});

describe("more connections than files may be open", () => {
  test("get an answer or wait, a push is told to come again, and all is well once they are gone", async () => {
    const { folder, address, config } = makePlace();
    const url = `http://${address}`;
    const berth = await startServe({
      launcher: ["sh", "-c", 'ulimit -n 60; exec "$@"', "sh"],
      args: [writeConfig(folder, config)],
      isReady: () => isAnswering(`${url}/livez`),
    });
    const port = Number(new URL(url).port);
    const crowd = await Promise.all(Array.from({ length: 100 }, () => dial({ port })));
    connections.push(...crowd);
    for (const connection of crowd) connection.send(`GET /v2/ HTTP/1.1\r\nHost: ${address}\r\n\r\n`);
    const findAnswered = () => crowd.find((connection) => connection.received().endsWith("{}"));
    await until("no file is left to open", () => figuresOf(berth.pid).openFiles === 60 && findAnswered() !== undefined);
    const answered = findAnswered();
    const blob = contentOf("no file for it");
    answered?.send(
      `POST /v2/app/blobs/uploads/?digest=${blob.digest} HTTP/1.1\r\nHost: ${address}\r\n` +
        `Content-Length: ${blob.bytes.length}\r\n\r\n`,
    );
    answered?.send(blob.bytes);
    await until("the push is answered", () => answered?.received().includes("HTTP/1.1 503 ") ?? false);
    expect(answered?.received()).toContain("Retry-After: ");
    for (const connection of crowd) connection.hangUp();
    const http = new HttpClient(url);
    await until("it is ready", async () => (await http.get("/readyz")).status === 200);
    await useAsUsual(http);
    expect(await berth.stderr()).toContain("too many open files");
    await berth.stop();
    expect(await berth.exited).toBe(0);
  });
});
