import { afterEach, expect, setDefaultTimeout, test } from "bun:test";

import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { startBerth } from "../support/berth.ts";
import { HttpClient } from "../support/http-client.ts";
import { contentOf, imageIndex } from "../support/oci-content.ts";
import { pushImage, pushManifest } from "../support/push-content.ts";
import type { RunningRegistry } from "../support/registry-process.ts";
import { runBerth } from "../support/berth-command.ts";
import { makeTemporaryFolder } from "../support/temporary-folder.ts";

setDefaultTimeout(60_000);

let berth: RunningRegistry | undefined;
afterEach(() => berth?.stop());

interface Sum {
  readonly repository: string | null;
  readonly pulls: number;
  readonly pushes: number;
  readonly receivedBytes: number;
  readonly sentBytes: number;
}

async function sums(configFile: string, ...args: string[]): Promise<readonly Sum[]> {
  const { stdout } = await runBerth(["usage", "traffic", "/", "--json", ...args, "--local", configFile]);
  return JSON.parse(stdout) as Sum[];
}

test("what a client moved is what is on record, also when the registry was ended right after", async () => {
  const dataDirectory = makeTemporaryFolder("data");
  berth = await startBerth({ dataDirectory });
  const configFile = join(makeTemporaryFolder("config"), "config.yml");
  const config = { version: "0.1", storage: { filesystem: { rootdirectory: dataDirectory } } };
  writeFileSync(configFile, JSON.stringify(config));
  const http = new HttpClient(berth.url);
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
  await berth.stop();

  const received = sizeOf(image.config, image.layer, image.manifest, index);
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
  expect(await sums(configFile, "--to", "2001-01-01", "--from", "2000-01-01")).toEqual([]);
  const storage = await runBerth(["usage", "storage", "team", "--json", "--local", configFile]);
  const shared = image.config.bytes.length;
  expect(JSON.parse(storage.stdout)).toEqual({
    repositories: 1,
    tags: 2,
    manifests: 2,
    storedBytes: sizeOf(image.config, image.layer),
    dedupedBytes: sizeOf(image.config, image.layer),
    uniqueBytes: image.layer.bytes.length,
    sharedBytes: shared,
  });
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
});
