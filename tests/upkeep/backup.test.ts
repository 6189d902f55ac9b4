import { afterEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import {
  type BinEntry,
  findRepositoryId,
  listBinEntries,
  listTagChanges,
  lockFolder,
  openSqliteForReading,
} from "../../src/metadata/index.ts";
import type { RepositoryName, Tag } from "../../src/oci/index.ts";
import { runBerth } from "../support/berth-command.ts";
import { startBerth } from "../support/berth.ts";
import { HttpClient } from "../support/http-client.ts";
import { contentOf } from "../support/oci-content.ts";
import { pushBlob, pushImage, type PushedImage } from "../support/push-content.ts";
import type { RunningRegistry } from "../support/registry-process.ts";
import { makeTemporaryFolder } from "../support/temporary-folder.ts";

setDefaultTimeout(60_000);

const running: RunningRegistry[] = [];
afterEach(async () => {
  for (const berth of running.splice(0)) await berth.stop();
});

interface Started {
  readonly berth: RunningRegistry;
  readonly http: HttpClient;
}

async function start(
  dataDirectory = makeTemporaryFolder("data"),
  keep = "0s",
  more: { readonly selfdescribing?: boolean } = {},
): Promise<Started> {
  const storage = { delete: { enabled: true }, maintenance: { gc: { enabled: false }, bin: { keep } }, ...more };
  const berth = await startBerth({ dataDirectory, config: { storage } });
  running.push(berth);
  return { berth, http: new HttpClient(berth.url) };
}

async function readBin(path: string): Promise<readonly BinEntry[]> {
  const metadata = await openSqliteForReading(path);
  try {
    return await listBinEntries(metadata.reads, { limit: 10 });
  } finally {
    await metadata.close();
  }
}

/** What a new machine has: the configuration, for the same folder. */
/** Of the changes of a tag in `app`, the newest first. */
async function readCauses(path: string, tag: string): Promise<readonly string[]> {
  const metadata = await openSqliteForReading(path);
  try {
    const repositoryId = (await findRepositoryId(metadata.reads, "app" as RepositoryName)) ?? 0;
    const changes = await listTagChanges(metadata.reads, { repositoryId, tag: tag as Tag }, { limit: 10 });
    return changes.map(({ cause }) => cause);
  } finally {
    await metadata.close();
  }
}

function configFor({ berth: { dataDirectory } }: Started): string {
  const folder = makeTemporaryFolder("config");
  const file = join(folder, "config.yml");
  writeFileSync(file, JSON.stringify({ version: "0.1", storage: { filesystem: { rootdirectory: dataDirectory } } }));
  return file;
}

const backUp = ({ berth }: Started, directory: string, ...args: string[]) =>
  runBerth(["backup", directory, berth.configFile, ...args]);

/** All files below a folder with what is in them. */
function contentsOf(folder: string): Map<string, string> {
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((path) =>
    statSync(join(folder, path)).isFile(),
  );
  return new Map(files.toSorted().map((path) => [path, readFileSync(join(folder, path)).toString("base64")]));
}

/** What clients get of an image. */
async function pulled(http: HttpClient, reference: string, { config, layer }: PushedImage): Promise<readonly string[]> {
  const manifest = await http.get(`/v2/app/manifests/${reference}`);
  const blobs = [config, layer].map(async ({ digest }) => (await http.get(`/v2/app/blobs/${digest}`)).text);
  return [`${manifest.status} ${manifest.text}`, ...(await Promise.all(blobs))];
}

describe("a backup beside a running registry", () => {
  test("is restored on an empty machine, byte for byte", async () => {
    const first = await start();
    const image = await pushImage(first.http, "app", "1.0");
    const other = await pushImage(first.http, "app", "2.0");
    const before = [await pulled(first.http, "1.0", image), await pulled(first.http, "2.0", other)];
    const backups = makeTemporaryFolder("backups");
    expect(await backUp(first, backups)).toMatchObject({ exitCode: 0, stderr: "" });
    const blobs = contentsOf(join(first.berth.dataDirectory, "docker"));
    await first.berth.stop();
    // The machine is gone, and with it all but the configuration and the backup.
    rmSync(first.berth.dataDirectory, { recursive: true });

    const restored = await runBerth(["restore", backups, configFor(first)]);
    expect(restored).toMatchObject({ exitCode: 0, stderr: "" });
    expect(restored.stdout).toMatch(/^Restored \d{8}T\d{9}Z, taken at .*: the database and 3 blobs/);
    expect(contentsOf(join(first.berth.dataDirectory, "docker"))).toEqual(blobs);
    expect(statSync(join(first.berth.dataDirectory, "berth/berth.db")).mode & 0o777).toBe(0o600);
    const again = await start(first.berth.dataDirectory);
    expect([await pulled(again.http, "1.0", image), await pulled(again.http, "2.0", other)]).toEqual(before);
    expect((await runBerth(["scrub", again.berth.configFile])).exitCode).toBe(0);
    // Nothing of the restore is left beside the database.
    expect(readdirSync(join(again.berth.dataDirectory, "berth")).filter((name) => name.startsWith("backup-"))).toEqual(
      [],
    );
  });

  test("copies what is new only, and an older one brings back what was deleted since", async () => {
    const started = await start();
    const backups = makeTemporaryFolder("backups");
    const image = await pushImage(started.http, "app", "1.0");
    const first = JSON.parse((await backUp(started, backups, "--json")).stdout) as Record<string, number>;
    expect(first).toMatchObject({ blobs: 2, copiedBlobs: 2, missing: [] });
    expect((await started.http.delete(`/v2/app/manifests/${image.manifest.digest}`)).status).toBe(202);
    await pushBlob(started.http, "app", contentOf("one more"));
    const second = JSON.parse((await backUp(started, backups, "--json")).stdout) as Record<string, number>;
    expect(second).toMatchObject({ blobs: 3, copiedBlobs: 1 });
    const listed = await runBerth(["restore", backups, "--list"]);
    expect(listed.stdout.trim().split("\n")).toHaveLength(2);

    await started.berth.stop();
    rmSync(started.berth.dataDirectory, { recursive: true });
    const at = new Date(first["takenAtMs"] ?? 0).toISOString();
    expect((await runBerth(["restore", backups, configFor(started), "--at", at])).exitCode).toBe(0);
    const { http } = await start(started.berth.dataDirectory);
    expect((await http.get("/v2/app/manifests/1.0")).status).toBe(200);
  });

  test("is refused while another one works on the directory", async () => {
    const started = await start();
    const backups = makeTemporaryFolder("backups");
    const other = lockFolder(backups, "work.lock");
    expect(await backUp(started, backups)).toMatchObject({
      exitCode: 75,
      stderr: expect.stringContaining(`another Berth (process ${process.pid}) works on ${backups}: wait`),
    });
    other.release();
    expect((await backUp(started, backups)).exitCode).toBe(0);
  });

  test("keeps as many as are asked for, and only what those need", async () => {
    const started = await start();
    const backups = makeTemporaryFolder("backups");
    const gone = await pushImage(started.http, "app", "gone");
    await backUp(started, backups);
    await started.http.delete(`/v2/app/manifests/${gone.manifest.digest}`);
    expect((await runBerth(["gc", started.berth.configFile, "--window", "0s"])).exitCode).toBe(0);
    await pushImage(started.http, "app", "kept");
    const done = JSON.parse((await backUp(started, backups, "--json", "--keep", "1")).stdout) as Record<string, number>;
    // The config is that of both.
    expect(done).toMatchObject({ removedBackups: 1, removedBlobs: 1, blobs: 2 });
    const hex = gone.layer.digest.slice("sha256:".length);
    expect(existsSync(join(backups, "docker/registry/v2/blobs/sha256", hex.slice(0, 2), hex))).toBe(false);
    expect((await runBerth(["restore", backups, "--list"])).stdout.trim().split("\n")).toHaveLength(1);
  });

  test("keeps what it took, also when the clock was put back since the one before", async () => {
    const started = await start();
    const backups = makeTemporaryFolder("backups");
    await backUp(started, backups);
    const [name = ""] = readdirSync(join(backups, "backups"));
    const late = "20990101T000000000Z";
    const folder = join(backups, "backups", late);
    renameSync(join(backups, "backups", name), folder);
    const record = JSON.parse(readFileSync(join(folder, "backup.json"), "utf8")) as object;
    const takenAtMs = Date.UTC(2099, 0);
    writeFileSync(join(folder, "backup.json"), JSON.stringify({ ...record, name: late, takenAtMs }));
    const image = await pushImage(started.http, "app", "1.0");
    expect((await backUp(started, backups, "--keep", "1")).exitCode).toBe(0);
    expect(readdirSync(join(backups, "backups"))).not.toContain(late);
    const hex = image.layer.digest.slice("sha256:".length);
    expect(existsSync(join(backups, "docker/registry/v2/blobs/sha256", hex.slice(0, 2), hex, "data"))).toBe(true);
    expect((await runBerth(["restore", backups, "--list"])).stdout.trim().split("\n")).toHaveLength(1);
  });
});

describe("a restore", () => {
  test("says what is wrong, and changes nothing", async () => {
    const started = await start();
    await pushImage(started.http, "app", "1.0");
    const backups = makeTemporaryFolder("backups");
    const { dataDirectory } = started.berth;
    const config = configFor(started);
    const restore = (directory = backups, ...args: string[]) => runBerth(["restore", directory, config, ...args]);
    expect(await restore()).toMatchObject({ exitCode: 74, stderr: expect.stringContaining("Move it away") });
    await backUp(started, backups);
    await started.berth.stop();
    rmSync(dataDirectory, { recursive: true });

    expect(await restore(join(backups, "none"))).toMatchObject({
      exitCode: 66,
      stderr: expect.stringContaining("no directory"),
    });
    const nothing = makeTemporaryFolder("nothing");
    expect(await restore(nothing)).toMatchObject({ exitCode: 66, stderr: expect.stringContaining("no whole backup") });
    const early = await restore(backups, "--at", "2001-01-01T00:00Z");
    expect(early).toMatchObject({ exitCode: 66, stderr: expect.stringContaining("it knows nothing of that time") });
    const unknown = await restore(backups, "--backup", "yesterday");
    expect(unknown).toMatchObject({ exitCode: 66, stderr: expect.stringContaining("there is no backup yesterday") });
    const both = await restore(backups, "--backup", "yesterday", "--at", "2001-01-01T00:00Z");
    expect(both).toMatchObject({ exitCode: 64, stderr: expect.stringContaining("cannot be used with") });
    const [name = ""] = readdirSync(join(backups, "backups"));
    const file = join(backups, "backups", name, "berth.db");
    writeFileSync(file, Buffer.concat([readFileSync(file), Buffer.of(0)]));
    expect(await restore()).toMatchObject({ exitCode: 66, stderr: expect.stringContaining("damaged") });
    expect(existsSync(join(dataDirectory, "berth/berth.db"))).toBe(false);
  });

  test("goes back to a time before the backup, and says how much lies behind it", async () => {
    const started = await start(undefined, "168h");
    const { dataDirectory } = started.berth;
    const [image, old] = [await pushImage(started.http, "app", "prod"), await pushImage(started.http, "app", "old")];
    const before = [await pulled(started.http, "prod", image), await pulled(started.http, "old", old)];
    const at = new Date().toISOString();
    await Bun.sleep(2);
    await pushImage(started.http, "app", "prod");
    await pushImage(started.http, "later", "1.0");
    await started.http.delete(`/v2/app/manifests/${old.manifest.digest}`);
    const backups = makeTemporaryFolder("backups");
    const { name } = JSON.parse((await backUp(started, backups, "--json")).stdout) as { readonly name: string };
    await started.berth.stop();
    const restore = async (...args: string[]) => {
      rmSync(dataDirectory, { recursive: true, force: true });
      return runBerth(["restore", backups, configFor(started), ...args]);
    };
    const exact = JSON.parse((await restore("--backup", name, "--json")).stdout) as object;
    expect(exact).toMatchObject({ backup: { name }, missing: [] });
    expect(exact).not.toHaveProperty("woundBack");
    const now = new Date().toISOString();
    expect((await restore("--at", now)).stdout).toContain("There is no later backup: what happened in");
    expect(await restore("--at", "2999-01-01T00:00Z")).toMatchObject({
      exitCode: 64,
      stderr: expect.stringContaining("That time is to come."),
    });
    const back = await restore("--at", at);
    expect(back).toMatchObject({ exitCode: 0, stderr: "" });
    expect(back.stdout).toContain(`Wound back to ${at}: 1 tag made again, 1 moved, 1 removed;`);
    const { http } = await start(dataDirectory);
    expect([await pulled(http, "prod", image), await pulled(http, "old", old)]).toEqual(before);
    expect((await http.get("/v2/_catalog")).text).toBe('{"repositories":["app"]}');
  });

  test("and an import give back what is newer than the backup, where storage is whole", async () => {
    const started = await start(undefined, "0s", { selfdescribing: true });
    const { dataDirectory } = started.berth;
    const old = await pushImage(started.http, "app", "old");
    await pushImage(started.http, "app", "moved");
    const backups = makeTemporaryFolder("backups");
    await backUp(started, backups);
    const [moved, first] = [await pushImage(started.http, "app", "moved"), await pushImage(started.http, "new", "1.0")];
    await started.http.delete("/v2/app/manifests/old");
    // It describes what is new before it ends.
    await started.berth.stop();
    rmSync(join(dataDirectory, "berth/berth.db"));
    const restored = await runBerth(["restore", backups, configFor(started)]);
    expect(restored).toMatchObject({ exitCode: 0, stderr: "" });
    expect(restored.stdout).toContain(`import registry-v2 ${dataDirectory}\n`);
    expect((await runBerth(["import", "registry-v2", dataDirectory])).exitCode).toBe(0);
    // The history is that of the backup, and goes on.
    expect(await readCauses(join(dataDirectory, "berth/berth.db"), "moved")).toEqual(["import", "push"]);
    const { http } = await start(dataDirectory);
    const digestOf = async (path: string) => (await http.head(path)).headers.get("docker-content-digest");
    expect(await digestOf("/v2/app/manifests/moved")).toBe(moved.manifest.digest);
    expect(await digestOf("/v2/new/manifests/1.0")).toBe(first.manifest.digest);
    expect(await digestOf("/v2/app/manifests/old")).toBe(old.manifest.digest);
  });

  test("is refused beside what is left of another database's log, which would be taken for its own", async () => {
    const started = await start();
    await pushImage(started.http, "app", "1.0");
    const backups = makeTemporaryFolder("backups");
    await backUp(started, backups);
    await started.berth.stop();
    const path = join(started.berth.dataDirectory, "berth/berth.db");
    const restore = () => runBerth(["restore", backups, configFor(started)]);
    rmSync(path);
    for (const left of [`${path}-wal`, `${path}-shm`]) {
      writeFileSync(left, "");
      expect(await restore()).toMatchObject({
        exitCode: 74,
        stderr: expect.stringContaining(`There is ${left} already`),
      });
      expect(existsSync(path)).toBe(false);
      rmSync(left);
    }
    expect((await restore()).exitCode).toBe(0);
  });

  test("leaves what was in the bin as much time as it had when the backup was taken", async () => {
    const started = await start(undefined, "168h");
    const { dataDirectory } = started.berth;
    const image = await pushImage(started.http, "app", "1.0");
    await started.http.delete(`/v2/app/manifests/${image.manifest.digest}`);
    const backups = makeTemporaryFolder("backups");
    await backUp(started, backups);
    await started.berth.stop();
    const path = join(dataDirectory, "berth/berth.db");
    const before = await readBin(path);
    rmSync(dataDirectory, { recursive: true });
    expect((await runBerth(["restore", backups, configFor(started)])).exitCode).toBe(0);
    const [entry] = await readBin(path);
    expect(entry?.expiresAtMs).toBeGreaterThan(before[0]?.expiresAtMs ?? Infinity);
  });

  test("names blobs that the backup has lost, and brings the rest", async () => {
    const started = await start();
    const image = await pushImage(started.http, "app", "1.0");
    const backups = makeTemporaryFolder("backups");
    await backUp(started, backups);
    await started.berth.stop();
    rmSync(started.berth.dataDirectory, { recursive: true });
    const hex = image.layer.digest.slice("sha256:".length);
    writeFileSync(join(backups, "docker/registry/v2/blobs/sha256", hex.slice(0, 2), hex, "data"), "other bytes");
    const restored = await runBerth(["restore", backups, configFor(started)]);
    expect(restored).toMatchObject({ exitCode: 65, stderr: expect.stringContaining(image.layer.digest) });
    const { http } = await start(started.berth.dataDirectory);
    expect((await http.get("/v2/app/manifests/1.0")).status).toBe(200);
    // A push brings it back.
    expect((await http.head(`/v2/app/blobs/${image.layer.digest}`)).status).toBe(404);
  });
});
