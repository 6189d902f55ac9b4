import { afterEach, expect, setDefaultTimeout, test } from "bun:test";

import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";

import { startBerth } from "../support/berth.ts";
import { MetricsText } from "../operations/support/metrics-text.ts";
import { takeFreePort } from "../support/free-port.ts";
import { HttpClient } from "../support/http-client.ts";
import { contentOf, imageIndex } from "../support/oci-content.ts";
import { pushBlob, pushImage, pushManifest } from "../support/push-content.ts";
import { askRaw } from "../support/raw-http.ts";
import type { RunningRegistry } from "../support/registry-process.ts";
import { runBerth } from "../support/berth-command.ts";
import { makeTemporaryFolder } from "../support/temporary-folder.ts";
import { until } from "../support/until.ts";

setDefaultTimeout(60_000);

let berth: RunningRegistry | undefined;
afterEach(() => berth?.stop());

interface Sum {
  readonly repository: string | null;
  readonly pulls: number;
  readonly pushes: number;
  readonly receivedBytes: number;
  readonly sentBytes: number;
  readonly cutBytes: number;
}

/** @returns also a configuration for commands that works when it is stopped */
async function startWithDirectory(): Promise<readonly [RunningRegistry, string]> {
  const dataDirectory = makeTemporaryFolder("data");
  const configFile = join(makeTemporaryFolder("config"), "config.yml");
  const config = { version: "0.1", storage: { filesystem: { rootdirectory: dataDirectory } } };
  writeFileSync(configFile, JSON.stringify(config));
  berth = await startBerth({ dataDirectory });
  return [berth, configFile];
}

async function sums(configFile: string, ...args: string[]): Promise<readonly Sum[]> {
  const { stdout } = await runBerth(["usage", "traffic", "/", "--json", ...args, "--local", configFile]);
  return JSON.parse(stdout) as Sum[];
}

/** The first request is cut after 600 of 1,000 bytes, and another goes on from there. @returns how many bytes came in all */
async function pushOverBadLine({ port }: RunningRegistry, http: HttpClient): Promise<number> {
  const { bytes, digest } = contentOf("x".repeat(1000));
  const started = await http.post("/v2/team/app/blobs/uploads/");
  const { pathname, host } = new URL(started.headers.get("location") ?? "", http.url);
  const headers = ["Content-Length: 1000", "Content-Range: 0-999"].join("\r\n");
  const head = `PATCH ${pathname} HTTP/1.1\r\nHost: ${host}\r\n${headers}\r\n\r\n`;
  await until("what came is kept", async () => {
    // A client that is gone before anybody reads has sent nothing.
    await askRaw(port, [head, bytes.subarray(0, 600)], { hangUp: 50 });
    return (await http.get(pathname)).headers.get("range") === "0-599";
  });
  const { status } = await http.put(`${pathname}?digest=${digest}`, { body: bytes.slice(600) });
  expect(status).toBe(201);
  return bytes.length;
}

test("what a client moved is what is on record, also when the registry was ended right after", async () => {
  const [registry, configFile] = await startWithDirectory();
  const http = new HttpClient(registry.url);
  const image = await pushImage(http, "team/app", "1.0");
  const index = imageIndex([image.manifest]);
  const mediaType = "application/vnd.oci.image.index.v1+json";
  await pushManifest(http, { repository: "team/app", reference: "all", content: index, mediaType });
  const other = await pushImage(http, "other", "1.0");
  const sizeOf = (...contents: { bytes: Uint8Array }[]) => contents.reduce((sum, { bytes }) => sum + bytes.length, 0);

  let sent = 0;
  const get = async (path: string) => {
    const answer = await http.get(path);
    expect(answer.status).toBe(200);
    sent += new TextEncoder().encode(answer.text).length;
  };
  for (let pull = 0; pull < 3; pull++) {
    await get("/v2/team/app/manifests/all");
    await get(`/v2/team/app/manifests/${image.manifest.digest}`);
    await get(`/v2/team/app/blobs/${image.layer.digest}`);
  }
  // None of these moves anything.
  await http.head("/v2/team/app/manifests/1.0");
  await http.get("/v2/team/app/manifests/none");
  await http.get(`/v2/team/app/blobs/${contentOf("none").digest}`);
  const resumed = await pushOverBadLine(registry, http);
  await registry.stop();

  const received = sizeOf(image.config, image.layer, image.manifest, index) + resumed;
  const ofOther = sizeOf(other.config, other.layer, other.manifest);
  const by = await sums(configFile, "--by", "repository");
  expect(
    by.map(({ repository, pulls, pushes, receivedBytes, sentBytes }) => [
      repository,
      pulls,
      pushes,
      receivedBytes,
      sentBytes,
    ]),
  ).toEqual([
    ["other", 0, 1, ofOther, 0],
    ["team/app", 3, 2, received, sent],
  ]);
  const csv = await runBerth(["usage", "traffic", "/", "--by", "namespace", "--csv", "--local", configFile]);
  expect(csv.stdout.split("\r\n")).toEqual([
    "day,namespace,repository,principal,pulls,pushes,receivedBytes,sentBytes,cutBytes",
    `,other,,,0,1,${ofOther},0,0`,
    `,team,,,3,2,${received},${sent},0`,
    "",
  ]);
  expect(await sums(configFile, "--to", "2001-01-01", "--from", "2000-01-01")).toEqual([]);
  const storage = await runBerth(["usage", "storage", "team", "--json", "--local", configFile]);
  const shared = image.config.bytes.length;
  expect(JSON.parse(storage.stdout)).toEqual({
    repositories: 1,
    tags: 2,
    manifests: 2,
    storedBytes: sizeOf(image.config, image.layer) + resumed,
    dedupedBytes: sizeOf(image.config, image.layer) + resumed,
    uniqueBytes: image.layer.bytes.length + resumed,
    sharedBytes: shared,
  });
});

test("of a large blob that a client did not take to the end it is known that it was cut", async () => {
  const [registry, configFile] = await startWithDirectory();
  const http = new HttpClient(registry.url);
  // More than the kernel takes off the registry's hands.
  const content = contentOf("x".repeat(32 * 2 ** 20));
  await pushBlob(http, "team/app", content);
  const path = `/v2/team/app/blobs/${content.digest}`;
  expect((await http.get(path)).bytes.length).toBe(content.bytes.length);
  const client = connect({ host: "127.0.0.1", port: registry.port });
  client.write(`GET ${path} HTTP/1.1\r\nHost: ${new URL(registry.url).host}\r\n\r\n`);
  await once(client, "data");
  client.destroy();
  // It waits for requests that are not over, and puts on record what they moved.
  await registry.stop();
  expect(await sums(configFile)).toMatchObject([
    { sentBytes: 2 * content.bytes.length, cutBytes: content.bytes.length },
  ]);
});

test("what was held for how long is measured by a job", async () => {
  berth = await startBerth();
  const http = new HttpClient(berth.url);
  const image = await pushImage(http, "team/app", "1.0");
  await pushImage(http, "other", "1.0");
  const local = ["--local", berth.configFile];
  for (let times = 0; times < 2; times++) {
    const { exitCode, stderr } = await runBerth(["job", "run", "usage", "--wait", ...local]);
    expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
  }
  const { stdout } = await runBerth(["usage", "byte-hours", "/", "--per", "month", "--json", ...local]);
  const rows = JSON.parse(stdout) as readonly { namespace: string; hours: number; storedByteHours: number }[];
  expect(rows.map(({ namespace }) => namespace)).toEqual(["", "other", "team"]);
  const bytes = image.config.bytes.length + image.layer.bytes.length;
  for (const { hours, storedByteHours } of rows.slice(2)) {
    expect(storedByteHours).toBeLessThanOrEqual(Math.ceil(bytes * (hours + 0.001)));
    expect(storedByteHours).toBeGreaterThanOrEqual(Math.floor(bytes * (hours - 0.001)));
  }
  const table = await runBerth(["usage", "byte-hours", "team", ...local]);
  expect(table.stdout).toContain("GiB-hours");
  const unmeasured = await runBerth(["usage", "byte-hours", "team/app", ...local]);
  expect(unmeasured.stdout).toMatch(/^There are none\.\nMeasured are namespaces at the top, /);
});

test("what namespaces moved and hold, quotas, the bin and clusters are metrics, so many by name and no more", async () => {
  const addr = `127.0.0.1:${takeFreePort()}`;
  const prometheus = { debug: { addr, prometheus: { enabled: true } }, metrics: { namespaces: 2 } };
  berth = await startBerth({ config: { http: prometheus, storage: { delete: { enabled: true } } } });
  const http = new HttpClient(berth.url);
  const local = ["--local", berth.configFile];
  const image = await pushImage(http, "team/app", "1.0");
  const deleted = await pushImage(http, "team/gone", "1.0");
  for (const repository of ["one/app", "two/app", "three"]) await pushImage(http, repository, "1.0");
  await http.get("/v2/team/app/manifests/1.0");
  await http.delete(`/v2/team/gone/manifests/${deleted.manifest.digest}`);
  await runBerth(["namespace", "set", "team", "quota", "tags=4", "bytes=1GiB", ...local]);
  await runBerth(["namespace", "set", "one/app", "quota", "tags=2", ...local]);
  const input = `registry.example/team/app@${image.manifest.digest}`;
  await runBerth(["in-use", "report", "eu-1", "--registry", "registry.example", ...local], { input });
  await runBerth(["job", "run", "usage", "--wait", ...local]);
  const debug = new HttpClient(`http://${addr}`);
  const read = async () => new MetricsText((await debug.get("/metrics")).text);
  await until("usage is on record", async () => ((await read()).find("berth_namespace_pushes_total") ?? 0) === 5);

  const metrics = await read();
  expect(metrics.valuesOf("berth_namespace_pushes_total", "namespace")).toHaveLength(3);
  expect(metrics.find("berth_namespace_pushes_total", { namespace: "_other" })).toBe(2);
  expect(metrics.find("berth_namespace_pulls_total")).toBe(1);
  const held = (name: string) => metrics.find(`berth_namespace_${name}_bytes`) ?? -1;
  const sizeOf = ({ config, layer }: typeof image) => config.bytes.length + layer.bytes.length;
  expect(held("stored")).toBeGreaterThanOrEqual(4 * sizeOf(image));
  expect(metrics.valuesOf("berth_namespace_stored_bytes", "namespace")).toContain("_other");
  expect(held("unique") + held("shared")).toBeGreaterThan(0);
  expect(metrics.valuesOf("berth_quota_used", "namespace")).toEqual(["one/app", "team"]);
  expect(metrics.find("berth_quota_used", { namespace: "team", quantity: "tags" })).toBe(1);
  expect(metrics.find("berth_quota_limit", { namespace: "team", quantity: "tags" })).toBe(4);
  expect(metrics.find("berth_bin_entries")).toBe(1);
  expect(metrics.find("berth_bin_bytes")).toBe(sizeOf(deleted));
  expect(metrics.find("berth_in_use_images", { cluster: "eu-1" })).toBe(1);
  expect(metrics.find("berth_in_use_reported_timestamp_seconds", { cluster: "eu-1" })).toBeGreaterThan(1e9);
});

test("on the main address no namespace is named, unless that is configured", async () => {
  berth = await startBerth({ config: { http: { metrics: { enabled: true } } } });
  const http = new HttpClient(berth.url);
  await pushImage(http, "team/app", "1.0");
  await runBerth(["namespace", "set", "team", "quota", "tags=4", "--local", berth.configFile]);
  await runBerth(["job", "run", "usage", "--wait", "--local", berth.configFile]);
  const { text } = await http.get("/metrics");
  expect(text).toContain("berth_bin_entries 0");
  expect(text).not.toContain("team");
});
