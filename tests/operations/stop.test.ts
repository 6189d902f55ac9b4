import { afterEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";

import { startBerth } from "../support/berth.ts";
import { takeFreePort } from "../support/free-port.ts";
import { HttpClient } from "../support/http-client.ts";
import { randomChunks } from "../support/layer.ts";
import { pushBlob, startUpload, withQuery } from "../support/push-content.ts";
import { type Content, contentOf } from "../support/oci-content.ts";
import { digestOf } from "../../src/oci/index.ts";
import type { RegistryOptions, RunningRegistry } from "../support/registry-process.ts";
import { makeTemporaryFolder } from "../support/temporary-folder.ts";
import { isAnswering, runBerth, type ServeProcess, startServe } from "../support/berth-command.ts";
import { dial, type Dialled } from "../support/dialled.ts";
import { makePlace, writeConfig } from "../support/place.ts";
import { until } from "../support/until.ts";

setDefaultTimeout(60_000);

const running: RunningRegistry[] = [];
const connections: Dialled[] = [];
afterEach(async () => {
  for (const connection of connections.splice(0)) connection.hangUp();
  for (const berth of running.splice(0)) await berth.stop();
});

/** A registry whose requests may go on for so long after the signal. */
async function startDraining(draintimeout: string, options: RegistryOptions = {}): Promise<RunningRegistry> {
  const http = {
    draintimeout,
    debug: { addr: `127.0.0.1:${takeFreePort()}` },
    ...(options.config?.["http"] as object),
  };
  const berth = await startBerth({ ...options, config: { ...options.config, http } });
  running.push(berth);
  return berth;
}

async function connectTo(berth: RunningRegistry): Promise<Dialled> {
  const connection = await dial({ port: berth.port });
  connections.push(connection);
  return connection;
}

function contentOfSize(seed: string, sizeBytes: number): Content {
  const bytes = new Uint8Array(Buffer.concat([...randomChunks(seed, sizeBytes)]));
  return { bytes, digest: digestOf(bytes) };
}

interface SlowUpload {
  readonly connection: Dialled;
  readonly path: string;
  /** What is in the upload's file at least. */
  readonly writtenBytes: number;
}

/** Sends the first part of a blob as the body of a PATCH, and waits until the registry has written some of it. */
async function uploadSlowly(berth: RunningRegistry, content: Content, firstBytes: number): Promise<SlowUpload> {
  const location = new URL(await startUpload(new HttpClient(berth.url), "app"));
  const connection = await connectTo(berth);
  const path = `${location.pathname}${location.search}`;
  connection.send(
    `PATCH ${path} HTTP/1.1\r\nHost: ${berth.host}\r\nContent-Type: application/octet-stream\r\n` +
      `Content-Length: ${content.bytes.length}\r\n\r\n`,
  );
  connection.send(content.bytes.slice(0, firstBytes));
  const file = join(berth.dataDirectory, "berth/uploads", path.split("/").at(-1) ?? "");
  await until("something is in the upload's file", () => Bun.file(file).size > 0);
  return { connection, path, writtenBytes: Bun.file(file).size };
}

/** Asks for a blob, larger than what the kernel takes in between, and reads nothing of the answer for now. */
async function downloadSlowly(berth: RunningRegistry, content: Content): Promise<Dialled> {
  await pushBlob(new HttpClient(berth.url), "app", content);
  const connection = await connectTo(berth);
  connection.pause();
  const path = `/v2/app/blobs/${content.digest}`;
  connection.send(`GET ${path} HTTP/1.1\r\nHost: ${berth.host}\r\n\r\n`);
  await untilLogged(berth, `"GET ${path} HTTP/1.1" 200 `);
  return connection;
}

/** Until the signal to stop was heard. */
function untilNothingIsTaken(berth: RunningRegistry): Promise<void> {
  return until("no connection is taken", async () => {
    const taken = await dial({ port: berth.port }).catch(() => undefined);
    taken?.hangUp();
    return taken === undefined;
  });
}

/** Where an upload stands, after the registry has started again. */
async function offsetOf(http: HttpClient, path: string): Promise<number> {
  const answer = await http.get(path);
  expect(answer.status).toBe(204);
  const last = Number(/^0-(\d+)$/.exec(answer.headers.get("range") ?? "")?.[1]);
  return last === 0 ? 0 : last + 1;
}

const mebibyte = 1024 * 1024;

describe("SIGTERM while requests run", () => {
  test("an upload ends and is kept, no connection is taken meanwhile, and /readyz says so", async () => {
    const dataDirectory = makeTemporaryFolder("data");
    const berth = await startDraining("30s", { dataDirectory });
    const debugUrl = /url="(http:[^"]*)\/"/.exec(await untilLogged(berth, "the debug address listens"))?.[1] ?? "";
    const content = contentOfSize("slow upload", 2 * mebibyte);
    const { connection, path } = await uploadSlowly(berth, content, mebibyte);
    berth.kill("SIGTERM");
    await untilNothingIsTaken(berth);
    const ready = await new HttpClient(debugUrl).get("/readyz");
    expect([ready.status, ready.text]).toEqual([503, expect.stringContaining("shutdown")]);
    connection.send(content.bytes.slice(mebibyte));
    expect(await berth.exited).toBe(0);
    await connection.closed;
    expect(connection.received()).toStartWith("HTTP/1.1 202 ");
    expect(berth.logs()).toMatch(/msg="stopped serving" cutRequests=0/);

    const again = await startDraining("1s", { dataDirectory });
    const http = new HttpClient(again.url);
    expect(await offsetOf(http, path)).toBe(content.bytes.length);
    expect((await http.put(withQuery(`${again.url}${path}`, { digest: content.digest }))).status).toBe(201);
  });

  test("a download ends with its last byte", async () => {
    const berth = await startDraining("30s");
    const content = contentOfSize("slow download", 32 * mebibyte);
    const connection = await downloadSlowly(berth, content);
    berth.kill("SIGTERM");
    await untilNothingIsTaken(berth);
    connection.resume();
    expect(await berth.exited).toBe(0);
    await connection.closed;
    const headBytes = connection.received().indexOf("\r\n\r\n") + 4;
    expect(connection.receivedBytes()).toBe(headBytes + content.bytes.length);
    expect(berth.logs()).toMatch(/msg="stopped serving" cutRequests=0/);
  });

  test("beyond the drain time an upload is cut, and goes on after the restart where the status says", async () => {
    const dataDirectory = makeTemporaryFolder("data");
    const berth = await startDraining("300ms", { dataDirectory });
    const content = contentOfSize("cut upload", 2 * mebibyte);
    const { connection, path, writtenBytes } = await uploadSlowly(berth, content, mebibyte);
    berth.kill("SIGTERM");
    expect(await berth.exited).toBe(0);
    await connection.closed;
    expect(berth.logs()).toMatch(/msg="stopped serving" cutRequests=1/);
    // Its line is not lost with it, and tells of no more than that.
    const [line = "", ...others] = berth
      .logs()
      .split("\n")
      .filter((line) => line.includes("method=PATCH"));
    expect(others).toEqual([]);
    expect(/ err\.code=("[^"]*"|\S*)/.exec(line)?.[1]).toBe('"upload interrupted"');

    const again = await startDraining("1s", { dataDirectory });
    const http = new HttpClient(again.url);
    const offset = await offsetOf(http, path);
    expect(offset).toBeGreaterThanOrEqual(writtenBytes);
    expect(offset).toBeLessThanOrEqual(mebibyte);
    const rest = content.bytes.slice(offset);
    const range = { "content-range": `${offset}-${content.bytes.length - 1}` };
    expect((await http.patch(path, { body: rest, headers: range })).status).toBe(202);
    expect((await http.put(withQuery(`${again.url}${path}`, { digest: content.digest }))).status).toBe(201);
    expect((await http.get(`/v2/app/blobs/${content.digest}`)).bytes).toEqual(content.bytes);
  });

  test("beyond the drain time a download that nobody reads is cut", async () => {
    const berth = await startDraining("300ms");
    const connection = await downloadSlowly(berth, contentOfSize("cut download", 32 * mebibyte));
    berth.kill("SIGTERM");
    expect(await berth.exited).toBe(0);
    connection.resume();
    await connection.closed;
    expect(connection.receivedBytes()).toBeLessThan(32 * mebibyte);
    expect(berth.logs()).toMatch(/msg="stopped serving" cutRequests=1/);
  });

  test.each(["SIGTERM", "SIGINT"] as const)("a second signal, %s, ends it at once", async (signal) => {
    const berth = await startDraining("255s");
    const { connection } = await uploadSlowly(berth, contentOfSize(signal, mebibyte), mebibyte / 2);
    berth.kill(signal);
    await untilNothingIsTaken(berth);
    // What comes within half a second is the same wish.
    await Bun.sleep(600);
    berth.kill(signal);
    expect(await berth.exited).toBe(1);
    await connection.closed;
  });

  test("Ctrl-C at npm start, of which both the terminal and npm tell, is one signal", async () => {
    const berth = await startDraining("30s");
    const content = contentOfSize("told twice", mebibyte);
    const { connection } = await uploadSlowly(berth, content, mebibyte / 2);
    // Two of one kind could be one for the kernel.
    berth.kill("SIGINT");
    berth.kill("SIGTERM");
    await untilNothingIsTaken(berth);
    connection.send(content.bytes.slice(mebibyte / 2));
    expect(await berth.exited).toBe(0);
    expect(connection.received()).toStartWith("HTTP/1.1 202 ");
  });
});

describe("SIGTERM while nothing runs", () => {
  test("connections that are kept open do not hold it up", async () => {
    const berth = await startDraining("255s");
    const idle = await Promise.all(Array.from({ length: 20 }, () => connectTo(berth)));
    for (const connection of idle) connection.send(`GET /v2/ HTTP/1.1\r\nHost: ${berth.host}\r\n\r\n`);
    await until("all are answered", () => idle.every((connection) => connection.received().endsWith("{}")));
    // One that never sent a byte is not even accepted, so that nobody closes it.
    await connectTo(berth);
    const half = await connectTo(berth);
    half.send("GET /v2/ HTTP/1.1\r\nHos");
    berth.kill("SIGTERM");
    expect(await berth.exited).toBe(0);
    await Promise.all([...idle, half].map(({ closed }) => closed));
    expect(berth.logs()).toMatch(/msg="stopped serving" cutRequests=0/);
  });

  test("SIGINT is the same", async () => {
    const berth = await startDraining("5s");
    berth.kill("SIGINT");
    expect(await berth.exited).toBe(0);
  });

  test("leaves a database without a log of its own", async () => {
    const dataDirectory = makeTemporaryFolder("data");
    const berth = await startDraining("5s", { dataDirectory });
    await pushBlob(new HttpClient(berth.url), "app", contentOf("a row"));
    berth.kill("SIGTERM");
    expect(await berth.exited).toBe(0);
    expect(existsSync(join(dataDirectory, "berth/berth.db"))).toBe(true);
    expect(existsSync(join(dataDirectory, "berth/berth.db-wal"))).toBe(false);
  });
});

describe("a unix socket", () => {
  interface OnSocket {
    readonly berth: ServeProcess;
    readonly socket: string;
    readonly configFile: string;
  }

  async function startOnSocket(socket: string): Promise<OnSocket> {
    const { folder, config } = makePlace();
    const configFile = writeConfig(folder, { ...config, http: { net: "unix", addr: socket } });
    const isReady = () => isAnswering("http://registry.example/livez", { unix: socket });
    return { berth: await startServe({ args: [configFile], isReady }), socket, configFile };
  }

  test("is served, and its file is gone after the stop", async () => {
    const { berth, socket } = await startOnSocket(join(makeTemporaryFolder("socket"), "berth.sock"));
    const blob = contentOf("over a socket");
    const url = `http://registry.example/v2/app/blobs/uploads/?digest=${blob.digest}`;
    const pushed = await fetch(url, { method: "POST", body: blob.bytes, unix: socket });
    expect(pushed.status).toBe(201);
    expect(pushed.headers.get("location")).toBe(`http://registry.example/v2/app/blobs/${blob.digest}`);
    const pulled = await fetch(`http://registry.example/v2/app/blobs/${blob.digest}`, { unix: socket });
    expect(await pulled.bytes()).toEqual(blob.bytes);
    berth.kill("SIGTERM");
    expect(await berth.exited).toBe(0);
    expect(existsSync(socket)).toBe(false);
  });

  test("that a killed process left behind is taken over, that of a living one is not", async () => {
    const folder = makeTemporaryFolder("socket");
    const killed = await startOnSocket(join(folder, "berth.sock"));
    killed.berth.kill("SIGKILL");
    await killed.berth.exited;
    expect(existsSync(killed.socket)).toBe(true);
    const { berth, socket } = await startOnSocket(killed.socket);
    const refused = await runBerth(["serve", killed.configFile]);
    expect(refused.exitCode).toBe(69);
    expect(refused.stderr).toContain(`${socket} is in use`);
    expect((await fetch("http://registry.example/v2/", { unix: socket })).status).toBe(200);
    await berth.stop();
  });
});

async function untilLogged(berth: RunningRegistry, text: string): Promise<string> {
  await until(`the log says: ${text}`, () => berth.logs().includes(text));
  return berth.logs();
}
