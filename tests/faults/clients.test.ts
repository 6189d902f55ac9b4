import { afterEach, expect, setDefaultTimeout, test } from "bun:test";

import { startBerth } from "../support/berth.ts";
import { dial, type Dialled } from "../support/dialled.ts";
import { HttpClient } from "../support/http-client.ts";
import { pushBlob, pushImage, startUpload } from "../support/push-content.ts";
import { describeFigures, figuresOf, type ProcessFigures } from "../support/process-figures.ts";
import type { RunningRegistry } from "../support/registry-process.ts";
import { until } from "../support/until.ts";
import { labelledContent } from "./support/random-content.ts";
import { highest } from "./support/soak.ts";
import { type SeededRandom, startRandom } from "./support/seeded-random.ts";

setDefaultTimeout(60_000);

let berth: RunningRegistry | undefined;
const connections: Dialled[] = [];
afterEach(async () => {
  for (const connection of connections.splice(0)) connection.hangUp();
  await berth?.stop();
});

const mebibyte = 2 ** 20;

async function start(): Promise<RunningRegistry> {
  berth = await startBerth({ config: { log: { level: "error", accesslog: { disabled: true } } } });
  return berth;
}

async function untilClosed({ pid }: RunningRegistry, before: ProcessFigures): Promise<ProcessFigures> {
  await until("its files are closed", () => figuresOf(pid).openFiles <= before.openFiles + 5);
  return figuresOf(pid);
}

test("1,000 idle connections cost little, and nothing when they are gone", async () => {
  const running = await start();
  await pushImage(new HttpClient(running.url), "app", "1");
  const before = figuresOf(running.pid);
  connections.push(...(await Promise.all(Array.from({ length: 1000 }, () => dial({ port: running.port })))));
  for (const connection of connections) connection.send(`GET /v2/ HTTP/1.1\r\nHost: ${running.host}\r\n\r\n`);
  await until("all are answered", () => connections.every((connection) => connection.received().endsWith("{}")));
  const during = figuresOf(running.pid);
  await pushImage(new HttpClient(running.url), "app", "2");
  for (const connection of connections.splice(0)) connection.hangUp();
  const after = await untilClosed(running, before);
  console.log(
    `before: ${describeFigures(before)}; 1,000 idle: ${describeFigures(during)}; after: ${describeFigures(after)}`,
  );
  expect(during.openFiles).toBeGreaterThanOrEqual(before.openFiles + 1000);
  expect(after.residentBytes).toBeLessThan(before.residentBytes + 100 * mebibyte);
});

test("3,600 clients that leave in the middle of a push or a pull leave no descriptor and no memory behind", async () => {
  const running = await start();
  const http = new HttpClient(running.url);
  const random = startRandom("clients that leave");
  const large = await pushBlob(http, "app", labelledContent("large", 8 * mebibyte));
  const body = labelledContent("part", mebibyte).bytes;
  const leaveAtOnce = async () => {
    // One after another: connections that rest in this process' pool would count as the registry's.
    const uploads: string[] = [];
    while (uploads.length < 50) uploads.push(new URL(await startUpload(http, "app")).pathname);
    const visits = Array.from({ length: 100 }, async (_, number) => {
      const connection = await dial({ port: running.port });
      connections.push(connection);
      const upload = uploads[number];
      const part = body.subarray(0, random.below(body.byteLength));
      if (upload !== undefined)
        beginPush(connection, `PATCH ${upload} HTTP/1.1\r\nHost: ${running.host}`, part, random);
      else connection.send(`GET /v2/app/blobs/${large.digest} HTTP/1.1\r\nHost: ${running.host}\r\n\r\n`);
      await Bun.sleep(random.below(30));
      connection.hangUp();
    });
    await Promise.all(visits);
  };
  const before = figuresOf(running.pid);
  const waves: ProcessFigures[] = [];
  while (waves.length < 36) {
    await leaveAtOnce();
    waves.push(await untilClosed(running, before));
  }
  await pushImage(http, "app", "1");
  // The first third fills what the process keeps for reuse.
  const [second, last] = [highest(waves.slice(12, 24)), highest(waves.slice(24))];
  console.log(`before: ${describeFigures(before)}; clients 1,201 to 2,400: at most ${describeFigures(second)}`);
  console.log(`clients 2,401 to 3,600: at most ${describeFigures(last)}`);
  expect(last.residentBytes).toBeLessThan(second.residentBytes + 60 * mebibyte);
});

/** Says that more is to come than it sends, in one piece or in chunks. */
function beginPush(connection: Dialled, head: string, part: Uint8Array, random: SeededRandom): void {
  const length = random.isLessThan(0.5)
    ? "Content-Length: 9000000\r\n\r\n"
    : "Transfer-Encoding: chunked\r\n\r\n800000\r\n";
  connection.send(`${head}\r\n${length}`);
  connection.send(part);
}
