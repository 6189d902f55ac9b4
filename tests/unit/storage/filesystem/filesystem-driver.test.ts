import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, renameSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

import { openFilesystemDriver } from "../../../../src/storage/filesystem/filesystem-driver.ts";
import {
  parseStorageKey,
  type StorageDriver,
  unfinishedPrefix,
  type UploadState,
} from "../../../../src/storage/index.ts";
import { chunksOf, expectStorageError, keysBelow } from "../../../contracts/storage-driver.contract.ts";
import { argv } from "../../../support/argv.ts";
import { requireRoot } from "../../../support/require-program.ts";
import { mustRun } from "../../../support/run-program.ts";
import { makeTemporaryFolder, removeTemporaryFolder } from "../../../support/temporary-folder.ts";
import { newUpload } from "../../../support/new-upload.ts";

const driverFile = join(import.meta.dir, "../../../../src/storage/filesystem/filesystem-driver.ts");
const key = parseStorageKey("blobs/ab/abcd/data");
const bytes = new TextEncoder().encode("0123456789");

let root: string;
let driver: StorageDriver;

beforeEach(async () => {
  root = makeTemporaryFolder("storage");
  driver = await openFilesystemDriver({ rootDirectory: root });
});

afterEach(() => removeTemporaryFolder(root));

function put(path: string, text = "x"): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

describe("files", () => {
  test("an object is the file of its key", async () => {
    await driver.write(key, bytes);
    expect(await Bun.file(join(root, key)).text()).toBe("0123456789");
  });

  test("a root that is missing is made", async () => {
    const missing = join(root, "not/there/yet");
    const opened = await openFilesystemDriver({ rootDirectory: missing });
    await opened.write(key, bytes);
    expect(statSync(join(missing, key)).size).toBe(10);
  });

  test("a root that cannot be made fails at once", async () => {
    put("file");
    await expectStorageError("invalid-key", () => openFilesystemDriver({ rootDirectory: join(root, "file/root") }));
  });

  test("reading yields a file, which the kernel sends by itself", async () => {
    await driver.write(key, bytes);
    const whole = await driver.read(key);
    expect(whole).toBeInstanceOf(Blob);
    expect(whole instanceof Blob ? whole.size : undefined).toBe(10);
  });

  test("the directory that held only a removed object goes with it", async () => {
    await driver.write(key, bytes);
    await driver.remove(key);
    expect(readdirSync(join(root, "blobs/ab"))).toEqual([]);
  });

  test("a directory with something else in it stays", async () => {
    await driver.write(key, bytes);
    put("blobs/ab/abcd/other");
    await driver.remove(key);
    expect(readdirSync(join(root, "blobs/ab/abcd"))).toEqual(["other"]);
  });

  test("a file in the way of a key refuses the key", async () => {
    await driver.write(key, bytes);
    const below = parseStorageKey(`${key}/below/data`);
    await expectStorageError("invalid-key", () => driver.write(below, bytes));
    const state = await driver.uploads.append(newUpload("u"), chunksOf(["x"]));
    await expectStorageError("invalid-key", () => driver.uploads.finish(state, below));
    await driver.uploads.finish(state, parseStorageKey("elsewhere"));
  });

  test("a directory in the way of a key refuses the key, and leaves nothing behind", async () => {
    await driver.write(key, bytes);
    await expectStorageError("invalid-key", () => driver.write(parseStorageKey("blobs/ab"), bytes));
    expect(readdirSync(join(root, unfinishedPrefix))).toEqual([]);
  });
});

describe("iterate", () => {
  test("does not list what is Berth's own, except what is unfinished when asked", async () => {
    put("berth/berth.db");
    put("berth/uploads/write-0");
    await driver.write(key, bytes);
    const state = await driver.uploads.append(newUpload("u"), chunksOf(["x"]));
    expect(await keysBelow(driver, "")).toEqual([key]);
    expect(await keysBelow(driver, "berth/")).toEqual([]);
    expect((await keysBelow(driver, unfinishedPrefix)) as string[]).toEqual([
      "berth/uploads/u",
      "berth/uploads/write-0",
    ]);
    await driver.uploads.cancel(state.uploadId);
  });

  test("does not list what is being written, which nobody may take for what a crash has left", async () => {
    let lookedInTime = 0;
    const writing = driver.write(key, new Uint8Array(64 * 2 ** 20)).then(() => "written");
    while ((await Promise.race([writing, Bun.sleep(0)])) !== "written") {
      const wasThere = existsSync(join(root, unfinishedPrefix)) && readdirSync(join(root, unfinishedPrefix)).length > 0;
      expect(await keysBelow(driver, unfinishedPrefix)).toEqual([]);
      if (wasThere) lookedInTime++;
    }
    expect(lookedInTime).toBeGreaterThan(0);
  });

  test("follows links to files, and to directories only as the prefix", async () => {
    put("real/data");
    symlinkSync(join(root, "real/data"), join(root, "real/link"));
    symlinkSync(join(root, "absent"), join(root, "real/dead"));
    symlinkSync(root, join(root, "real/round"));
    expect((await keysBelow(driver, "")) as string[]).toEqual(["real/data", "real/link"]);
    expect((await keysBelow(driver, "real/round/real/")) as string[]).toEqual([
      "real/round/real/data",
      "real/round/real/link",
    ]);
  });
});

describe("uploads", () => {
  test("each chunk is in the file when the next is asked for", async () => {
    const sizes: number[] = [];
    async function* chunks() {
      for (let index = 0; index < 4; index++) {
        yield bytes;
        sizes.push(statSync(join(root, unfinishedPrefix, "u")).size);
      }
    }
    await driver.uploads.append(newUpload("u"), chunks());
    expect(sizes).toEqual([10, 20, 30, 40]);
  });

  test("finishing moves the file, without copying it", async () => {
    const state = await driver.uploads.append(newUpload("u"), chunksOf(["x"]));
    const { ino } = statSync(join(root, unfinishedPrefix, "u"));
    await driver.uploads.finish(state, key);
    expect(statSync(join(root, key)).ino).toBe(ino);
  });

  test("what another process left of a write is neither taken nor touched", async () => {
    put("berth/uploads/write-0", "left");
    put("berth/uploads/write-1", "left");
    await driver.write(key, bytes);
    await driver.check();
    expect(await Bun.file(join(root, "berth/uploads/write-0")).text()).toBe("left");
    expect(readdirSync(join(root, unfinishedPrefix)).sort()).toEqual(["write-0", "write-1"]);
  });

  test("an upload's file lies where uploads lie, whatever its id", async () => {
    await expectStorageError("invalid-key", () =>
      driver.uploads.read({ offsetBytes: 1, uploadId: "../../etc/passwd" }),
    );
  });
});

describe("a check", () => {
  const writtenPrefix = "docker/registry/v2/blobs";
  const check = async () => (await openFilesystemDriver({ rootDirectory: root, writtenPrefix })).check();

  test("passes where nothing was written yet, and where blobs are", async () => {
    await check();
    put(`${writtenPrefix}/sha256/ab/abcd/data`);
    put(`${writtenPrefix}/sha256/stray-file`);
    await check();
  });

  test("fails if a file lies where the blobs should", async () => {
    put(writtenPrefix);
    await expectStorageError("invalid-key", check);
  });

  requireRoot().describe("of another user", () => {
    // Root without what lets root write everywhere, so that permissions count.
    const setpriv = argv`setpriv --bounding-set=-all --inh-caps=-all`;
    const program = `
      const { openFilesystemDriver } = await import(${JSON.stringify(driverFile)});
      const driver = await openFilesystemDriver({ rootDirectory: process.argv[1], writtenPrefix: "${writtenPrefix}" });
      await driver.check().then(() => console.log("good"), (error) => console.log(error.reason, error.message));`;

    test.each(["", "/sha256", "/sha256/ab"])("names blobs%s if it is not writable, and what to do", async (below) => {
      put(`${writtenPrefix}/sha256/ab/abcd/data`);
      put(`${writtenPrefix}/sha256/cd/cdef/data`);
      const run = () => mustRun([...setpriv, process.execPath, "-e", program, root]);
      expect((await run()).stdout).toBe("good\n");
      const folder = join(root, writtenPrefix + below);
      await mustRun(argv`chown 65534 ${folder}`);
      expect((await run()).stdout).toBe(
        `readonly user 0, as which Berth runs, may not write in ${folder}: chown -R 0 ${root}\n`,
      );
    });
  });
});

describe("durability", () => {
  const broken = Object.assign(new Error("EIO: i/o error, fsync"), { code: "EIO" });

  async function openWith(syncDirectory: (directory: string) => Promise<void>): Promise<StorageDriver> {
    return openFilesystemDriver({ rootDirectory: root, syncDirectory });
  }

  test("a directory that does not reach the disk fails the write, the append and the finish", async () => {
    let isBroken = true;
    const failing = await openWith(async () => {
      if (isBroken) throw broken;
    });
    await expectStorageError("unavailable", () => failing.write(key, bytes));
    const started = newUpload("u");
    await expectStorageError("unavailable", () => failing.uploads.append(started, chunksOf(["x"])));
    isBroken = false;
    const state = await failing.uploads.append(started, chunksOf(["y"]));
    isBroken = true;
    const error = await expectStorageError("unavailable", () => failing.uploads.finish(state, key));
    expect(error.cause).toBe(broken);
  });

  test("a new root is made durable in the directory that holds it", async () => {
    const synced: string[] = [];
    const syncDirectory = async (directory: string) => void synced.push(directory);
    await openFilesystemDriver({ rootDirectory: join(root, "a/b"), syncDirectory });
    expect(synced.sort()).toEqual([root, join(root, "a")]);
  });

  test("an upload is in the synced directory before the append returns, an object before the finish does", async () => {
    const synced: string[] = [];
    const recording = await openWith(async (directory) => void synced.push(directory.slice(root.length)));
    const state = await recording.uploads.append(newUpload("u"), chunksOf(["x"]));
    expect(synced.splice(0).sort()).toEqual(["", "/berth", "/berth/uploads"]);
    await recording.uploads.finish(state, key);
    expect(synced.splice(0).sort()).toEqual(["", "/blobs", "/blobs/ab", "/blobs/ab/abcd"]);
  });
});

describe("the root", () => {
  const other = parseStorageKey("blobs/cd/cdef/data");
  let state: UploadState;

  beforeEach(async () => {
    await driver.write(key, bytes);
    state = await driver.uploads.append(newUpload("u"), chunksOf(["01234"]));
    renameSync(root, `${root}-away`);
  });

  afterEach(() => removeTemporaryFolder(`${root}-away`));

  async function expectRefusals(fault: string): Promise<void> {
    const attempts = [
      () => driver.check(),
      () => driver.stat(key),
      () => driver.read(key),
      () => driver.write(key, bytes),
      () => driver.remove(key),
      () => keysBelow(driver, "blobs/"),
      () => driver.uploads.read(state),
      () => driver.uploads.append(state, chunksOf(["x"])),
      () => driver.uploads.finish(state, other),
      () => driver.uploads.finish({ ...state, offsetBytes: 0 }, other),
      async () => driver.uploads.append(newUpload("v"), chunksOf(["x"])),
    ];
    const errors = await Promise.all(attempts.map((attempt) => expectStorageError("unavailable", attempt)));
    expect(errors.map(({ message }) => message.includes(`${root} ${fault}`))).toEqual(attempts.map(() => true));
  }

  test("while it is away nothing is absent, nothing is taken, and no other is made", async () => {
    await expectRefusals("is away");
    expect(existsSync(root)).toBeFalse();
  });

  test("when another lies in its place nothing is made in that", async () => {
    mkdirSync(root);
    await expectRefusals("is another one than at the start");
    expect(readdirSync(root)).toEqual([]);
  });

  test("what another with the same directories got is not acknowledged", async () => {
    put("berth/uploads/leftover");
    await expectStorageError("unavailable", () => driver.write(parseStorageKey("blob"), bytes));
    await expectStorageError("unavailable", () => driver.check());
  });

  test("when it is back everything goes on", async () => {
    await expectRefusals("is away");
    renameSync(`${root}-away`, root);
    await driver.check();
    await driver.uploads.finish(state, other);
    expect(await Bun.file(join(root, other)).text()).toBe("01234");
  });

  test("an upload that it leaves in the middle of cannot be finished", async () => {
    renameSync(`${root}-away`, root);
    async function* leaving() {
      yield bytes;
      renameSync(root, `${root}-away`);
    }
    const appended = await driver.uploads.append(state, leaving());
    await expectStorageError("unavailable", () => driver.uploads.finish(appended, other));
    expect(existsSync(root)).toBeFalse();
  });
});
