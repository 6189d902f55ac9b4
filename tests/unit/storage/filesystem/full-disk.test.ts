import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { readdirSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { openFilesystemDriver } from "../../../../src/storage/filesystem/filesystem-driver.ts";
import { parseStorageKey, type StorageDriver, unfinishedPrefix } from "../../../../src/storage/index.ts";
import { chunksOf, expectStorageError } from "../../../contracts/storage-driver.contract.ts";
import { makeTemporaryFolder, removeTemporaryFolder } from "../../../support/temporary-folder.ts";
import { newUpload } from "../../../support/new-upload.ts";

const key = parseStorageKey("blobs/ab/abcd/data");
const text = (sizeBytes: number) => "x".repeat(sizeBytes);
const megabyte = 1_000_000;

/** A disk of 1 MiB takes a right that not every user has. */
const missing = findMissing();
const describeOnDisk = missing === undefined ? describe : describe.skip;

describeOnDisk(missing === undefined ? "a small disk" : `a small disk (not run: ${missing})`, () => {
  let root: string;
  let driver: StorageDriver;

  beforeEach(async () => {
    root = makeTemporaryFolder("disk");
    run("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", root);
    driver = await openFilesystemDriver({ rootDirectory: root });
  });

  afterEach(() => {
    run("umount", root);
    removeTemporaryFolder(root);
  });

  function fill(): void {
    try {
      writeFileSync(join(root, "filling"), Buffer.alloc(2 * megabyte));
    } catch (error) {
      expect(error).toHaveProperty("code", "ENOSPC");
    }
  }

  test("a write that finds no space fails as full and leaves nothing", async () => {
    await driver.write(key, Buffer.from("old"));
    const error = await expectStorageError("full", () => driver.write(key, Buffer.alloc(2 * megabyte)));
    expect(error.message).toContain("no space is left");
    expect(readdirSync(join(root, unfinishedPrefix))).toEqual([]);
    expect(await Bun.file(join(root, key)).text()).toBe("old");
    await driver.write(key, Buffer.from("new"));
  });

  test("an append that finds no space fails as full, and the upload goes on when there is some", async () => {
    const state = await driver.uploads.append(newUpload("u"), chunksOf(["01234"]));
    await expectStorageError("full", () => driver.uploads.append(state, chunksOf([text(megabyte), text(megabyte)])));
    const whole = await driver.uploads.append(state, chunksOf(["56789"]));
    await driver.uploads.finish(whole, key);
    expect(await Bun.file(join(root, key)).text()).toBe("0123456789");
  });

  test.each(["", "01234"])("an append that fills the disk behind '%s' gives its space back", async (kept) => {
    const state = await driver.uploads.append(newUpload("u"), chunksOf([kept]));
    await expectStorageError("full", () => driver.uploads.append(state, chunksOf([text(megabyte), text(megabyte)])));
    await driver.write(key, Buffer.alloc(megabyte / 2));
    await driver.uploads.finish(state, key);
    expect(await Bun.file(join(root, key)).text()).toBe(kept);
  });

  test("the source of an append is closed when there is no space", async () => {
    let isClosed = false;
    async function* chunks() {
      try {
        for (;;) yield Buffer.alloc(megabyte);
      } finally {
        isClosed = true;
      }
    }
    await expectStorageError("full", async () => driver.uploads.append(newUpload("u"), chunks()));
    expect(isClosed).toBeTrue();
  });

  test("the check says that the disk is full, and that it is not any more", async () => {
    fill();
    await expectStorageError("full", () => driver.check());
    unlinkSync(join(root, "filling"));
    await driver.check();
    expect(readdirSync(join(root, unfinishedPrefix))).toEqual([]);
  });

  test("on a read-only disk all can be read and nothing changed", async () => {
    await driver.write(key, Buffer.from("old"));
    const state = await driver.uploads.append(newUpload("u"), chunksOf(["01234"]));
    run("mount", "-o", "remount,ro", root);
    const reopened = await openFilesystemDriver({ rootDirectory: root });
    expect(await new Response(await reopened.read(key)).text()).toBe("old");
    expect(await new Response(await reopened.uploads.read(state)).text()).toBe("01234");
    const other = parseStorageKey("blobs/cd/cdef/data");
    await expectStorageError("readonly", () => reopened.write(other, Buffer.from("x")));
    await expectStorageError("readonly", () => reopened.remove(key));
    await expectStorageError("readonly", () => reopened.uploads.append(state, chunksOf(["x"])));
    await expectStorageError("readonly", () => reopened.uploads.finish(state, other));
    await expectStorageError("readonly", () => reopened.uploads.cancel(state.uploadId));
    const error = await expectStorageError("readonly", () => reopened.check());
    expect(error.message).toContain("mounted read-only");
  });
});

function run(...command: string[]): void {
  const { exitCode, stderr } = Bun.spawnSync(command);
  if (exitCode !== 0) throw new Error(`${command.join(" ")}: ${stderr.toString()}`);
}

function findMissing(): string | undefined {
  const probe = makeTemporaryFolder("disk");
  try {
    run("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", probe);
    run("umount", probe);
    return undefined;
  } catch (error) {
    const reason = `a tmpfs cannot be mounted: ${error instanceof Error ? error.message.trim() : String(error)}`;
    console.warn(`not run: ${reason}`);
    return reason;
  } finally {
    removeTemporaryFolder(probe);
  }
}
