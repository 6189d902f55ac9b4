import { Database } from "bun:sqlite";
import { afterEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import {
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";

import { berthExecutable, runBerth } from "../support/berth-command.ts";
import { startBerth } from "../support/berth.ts";
import { HttpClient } from "../support/http-client.ts";
import { type Content, contentOf } from "../support/oci-content.ts";
import { pushBlob, pushImage } from "../support/push-content.ts";
import type { RunningRegistry } from "../support/registry-process.ts";
import { makeTemporaryFolder } from "../support/temporary-folder.ts";
import { until } from "../support/until.ts";
import { MetricsText } from "./support/metrics-text.ts";

setDefaultTimeout(60_000);

const running: RunningRegistry[] = [];
afterEach(async () => {
  for (const berth of running.splice(0)) await berth.stop();
});

interface Scrubbed {
  readonly berth: RunningRegistry;
  readonly http: HttpClient;
}

async function start(config: object = {}, dataDirectory = makeTemporaryFolder("data")): Promise<Scrubbed> {
  const berth = await startBerth({ dataDirectory, config: { http: { metrics: { enabled: true } }, ...config } });
  running.push(berth);
  return { berth, http: new HttpClient(berth.url) };
}

const fileOf = ({ berth }: Scrubbed, { digest }: Content) => {
  const hex = digest.slice("sha256:".length);
  return join(berth.dataDirectory, "docker/registry/v2/blobs/sha256", hex.slice(0, 2), hex, "data");
};
const quarantined = ({ berth }: Scrubbed, { digest }: Content) => join(berth.dataDirectory, "berth/quarantine", digest);
const pathOf = ({ digest }: Content) => `/v2/app/blobs/${digest}`;
const scrub = ({ berth }: Scrubbed, ...args: string[]) => runBerth(["scrub", berth.configFile, ...args]);

/** What clients get of a blob. */
async function statuses({ http }: Scrubbed, content: Content): Promise<readonly number[]> {
  return [(await http.head(pathOf(content))).status, (await http.get(pathOf(content))).status];
}

async function metric({ http }: Scrubbed, name: string): Promise<number | undefined> {
  return new MetricsText((await http.get("/metrics")).text).find(name);
}

function flipByte(file: string, offset: number): void {
  const byte = readFileSync(file)[offset] ?? 0;
  const handle = openSync(file, "r+");
  writeSync(handle, Uint8Array.of(byte ^ 1), 0, 1, offset);
  closeSync(handle);
}

/** @param bytes enough for many pieces */
function largeContent(seed: string, bytes = 3_000_000): Content {
  return contentOf(seed.repeat(Math.ceil(bytes / seed.length)));
}

describe("beside a running registry", () => {
  test("damage is found, not served, kept aside, and repaired by the next push", async () => {
    const scrubbed = await start();
    const { http, berth } = scrubbed;
    const image = await pushImage(http, "app", "1.0");
    const [flipped, cut, gone] = [largeContent("flipped "), largeContent("cut "), contentOf("gone")];
    for (const content of [flipped, cut, gone]) await pushBlob(http, "app", content);
    expect(await scrub(scrubbed)).toMatchObject({ exitCode: 0, stderr: "" });

    flipByte(fileOf(scrubbed, flipped), 2_000_000);
    truncateSync(fileOf(scrubbed, cut), 1_000_000);
    rmSync(fileOf(scrubbed, gone));
    expect(await statuses(scrubbed, flipped)).toEqual([200, 200]);
    const found = await scrub(scrubbed);
    expect(found.exitCode).toBe(65);
    expect(found.stdout).toContain("Scrubbed 5 blobs");
    expect(found.stdout).toContain(": 2 damaged, 1 missing, 0 restored, 0 manifests damaged.");
    const lines = found.stderr.trim().split("\n").sort();
    expect(lines).toEqual(
      [
        `damage: ${flipped.digest}: blob is damaged: its bytes have another digest; in app; moved to berth/quarantine/${flipped.digest}`,
        `damage: ${cut.digest}: blob is damaged: it has another size; in app; moved to berth/quarantine/${cut.digest}`,
        `damage: ${gone.digest}: blob is missing from storage; in app`,
      ].sort(),
    );
    for (const content of [flipped, cut, gone]) expect(await statuses(scrubbed, content)).toEqual([404, 503]);
    expect(readFileSync(quarantined(scrubbed, cut)).byteLength).toBe(1_000_000);
    expect(existsSync(quarantined(scrubbed, flipped))).toBe(true);
    expect(await metric(scrubbed, "berth_blobs_lost")).toBe(3);
    expect((await scrub(scrubbed)).exitCode).toBe(65);

    await berth.stop();
    const again = await start({}, berth.dataDirectory);
    for (const content of [flipped, cut, gone]) expect(await statuses(again, content)).toEqual([404, 503]);

    for (const content of [flipped, cut, gone]) {
      await pushBlob(again.http, "app", content);
      const pulled = await again.http.get(pathOf(content));
      expect(contentOf(pulled.text).digest).toBe(content.digest);
    }
    expect(await statuses(again, image.layer)).toEqual([200, 200]);
    expect(await scrub(again)).toMatchObject({ exitCode: 0, stderr: "" });
    expect(await metric(again, "berth_blobs_lost")).toBe(0);
  });

  test("a file that was put back is good again", async () => {
    const scrubbed = await start();
    const content = await pushBlob(scrubbed.http, "app", contentOf("precious"));
    const file = fileOf(scrubbed, content);
    renameSync(file, `${file}.away`);
    expect((await scrub(scrubbed)).exitCode).toBe(65);
    renameSync(`${file}.away`, file);
    const found = await scrub(scrubbed, "--json");
    expect(found.exitCode).toBe(0);
    const lines = found.stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as object);
    expect(lines).toEqual([
      { finding: { kind: "restored-blob", digest: content.digest } },
      { summary: expect.objectContaining({ isFinished: true, tally: expect.objectContaining({ restored: 1 }) }) },
    ]);
    expect(await statuses(scrubbed, content)).toEqual([200, 200]);
  });

  test("pushes and deletes at the same time give no false alarm", async () => {
    const scrubbed = await start();
    const { http } = scrubbed;
    const contents = Array.from({ length: 20 }, (_, number) => largeContent(`content ${number} `, 300_000));
    for (const content of contents) await pushBlob(http, "app", content);
    const over = new AbortController();
    const busy = async () => {
      for (let turn = 0; !over.signal.aborted; turn++) {
        const content = contents[turn % contents.length] ?? contentOf("none");
        await pushBlob(http, "app", content);
        await pushBlob(http, "app", contentOf(`new ${turn}`));
        await http.delete(pathOf(content));
        await pushBlob(http, "other", content);
      }
    };
    const pushes = busy();
    for (let run = 0; run < 5; run++) {
      const found = await scrub(scrubbed, "--rate", "0");
      expect(found).toMatchObject({ exitCode: 0, stderr: "" });
    }
    over.abort();
    await pushes;
    expect(existsSync(join(scrubbed.berth.dataDirectory, "berth/quarantine"))).toBe(false);
  });
});

describe("interrupted by SIGINT", () => {
  test("it goes on where it was", async () => {
    const scrubbed = await start();
    const { http, berth } = scrubbed;
    const contents = Array.from({ length: 12 }, (_, number) => largeContent(`content ${number} `, 500_000));
    for (const content of contents) await pushBlob(http, "app", content);
    // The first ones cost no time, and are told at once; the others would take a minute.
    const missing = contents.toSorted((a, b) => (a.digest < b.digest ? -1 : 1)).slice(0, 3);
    for (const content of missing) rmSync(fileOf(scrubbed, content));
    const slow = Bun.spawn([berthExecutable, "scrub", berth.configFile, "--rate", "100kB", "--json"], {
      stdout: "pipe",
      stderr: "ignore",
    });
    const lines = linesOf(slow.stdout);
    const told = [await lines.next(), await lines.next(), await lines.next()].map(({ value }) => value).join();
    for (const { digest } of missing) expect(told).toContain(digest);
    const refused = await scrub(scrubbed);
    expect([refused.exitCode, refused.stderr]).toEqual([75, expect.stringContaining("another scrub runs")]);
    slow.kill("SIGINT");
    const { summary: first } = JSON.parse((await lines.next()).value ?? "") as Summary;
    expect(await slow.exited).toBe(65);
    expect(first.isFinished).toBe(false);
    expect(first.tally.blobs).toBeWithin(1, 12);

    for (const content of missing) await pushBlob(http, "app", content);
    const found = await scrub(scrubbed, "--json");
    const { summary: second } = JSON.parse(found.stdout) as Summary;
    expect(second).toMatchObject({ isFinished: true, isResumed: true });
    expect(second.tally.blobs).toBe(12);
    expect(first.tally.bytes + second.readBytes).toBe(second.tally.bytes);
    expect(await scrub(scrubbed)).toMatchObject({ exitCode: 0, stderr: "" });
  });
});

async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string, undefined, void> {
  let rest = "";
  const decoder = new TextDecoder();
  for await (const bytes of stream) {
    const lines = (rest + decoder.decode(bytes, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
}

interface Summary {
  readonly summary: {
    readonly isFinished: boolean;
    readonly isResumed: boolean;
    readonly readBytes: number;
    readonly tally: { readonly blobs: number; readonly bytes: number };
  };
}

describe("on a schedule", () => {
  test("it finds damage by itself, and says so in log and metrics", async () => {
    const scrubbed = await start({
      storage: { maintenance: { scrub: { enabled: true, interval: "100ms", rate: 0 } } },
    });
    const content = await pushBlob(scrubbed.http, "app", largeContent("scheduled "));
    flipByte(fileOf(scrubbed, content), 5);
    await until("it is in quarantine", () => existsSync(quarantined(scrubbed, content)));
    await until("it is not served", async () => (await statuses(scrubbed, content)).join() === "404,503");
    await until("the log says so", () =>
      scrubbed.berth.logs().includes(`level=error msg="blob is damaged: its bytes have another digest" digest=`),
    );
    expect(await metric(scrubbed, "berth_blobs_lost")).toBe(1);
    expect(await metric(scrubbed, "berth_scrub_damages_total")).toBeGreaterThan(0);
    expect(await metric(scrubbed, "berth_scrub_read_bytes_total")).toBeGreaterThan(2_999_999);
    await pushBlob(scrubbed.http, "app", content);
    await until("a later one found nothing lost", async () => (await metric(scrubbed, "berth_blobs_lost")) === 0);
  });

  test("a stop does not wait for it", async () => {
    const maintenance = { scrub: { enabled: true, interval: "100ms", rate: "4kB" } };
    const scrubbed = await start({ storage: { maintenance } });
    await pushBlob(scrubbed.http, "app", largeContent("slow "));
    await until("it reads", async () => ((await metric(scrubbed, "berth_scrub_read_bytes_total")) ?? 0) > 4096);
    await scrubbed.berth.stop();
    expect(scrubbed.berth.logs()).toContain("the scrub was interrupted");
    expect(await scrubbed.berth.exited).toBe(0);
  });
});

test("--repair-index brings back what the database lost and manifests know", async () => {
  const scrubbed = await start();
  const { layer } = await pushImage(scrubbed.http, "app", "1.0");
  const database = new Database(join(scrubbed.berth.dataDirectory, "berth/berth.db"));
  database.run("pragma foreign_keys = on");
  for (const table of ["repository_blobs", "blobs", "manifest_references"]) database.run(`delete from ${table}`);
  database.close();
  expect(await statuses(scrubbed, layer)).toEqual([404, 404]);
  const repaired = await scrub(scrubbed, "--repair-index");
  expect(repaired.exitCode).toBe(0);
  expect(repaired.stderr).toBe(
    "Repaired the index of 1 manifest: 0 with wrong columns, 1 with wrong references, 2 blobs entered, 2 blobs linked, 0 not found.\n",
  );
  expect(await statuses(scrubbed, layer)).toEqual([200, 200]);
});

test("without a database there is nothing to scrub", async () => {
  const folder = makeTemporaryFolder("nothing");
  const config = join(folder, "config.yml");
  await Bun.write(
    config,
    JSON.stringify({ version: 0.1, storage: { filesystem: { rootdirectory: join(folder, "data") } } }),
  );
  const refused = await runBerth(["scrub", config]);
  expect(refused.exitCode).toBe(66);
  expect(refused.stderr).toContain("There is no database");
  expect(readdirSync(folder)).toEqual(["config.yml"]);
});
