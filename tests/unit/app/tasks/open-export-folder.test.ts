import { beforeEach, expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { lockDirectory } from "../../../../src/app/tasks/lock-directory.ts";
import { openExportFolder } from "../../../../src/app/tasks/open-export-folder.ts";
import { Closers } from "../../../../src/runtime/index.ts";
import { failureOf } from "../../../support/failure-of.ts";
import { makeTemporaryFolder } from "../../../support/temporary-folder.ts";

let data: string;
let out: string;
beforeEach(() => {
  data = makeTemporaryFolder("data");
  out = join(makeTemporaryFolder("exports"), "new/out");
});

async function open(folder = out, from = data): Promise<void> {
  const closers = new Closers();
  try {
    await openExportFolder(folder, from, closers);
  } finally {
    await closers.closeAll();
  }
}

test("one that is not there is made, and goes on with the same data directory by whatever name", async () => {
  await open();
  writeFileSync(join(out, "more"), "");
  const link = join(makeTemporaryFolder("link"), "data");
  symlinkSync(data, link);
  await open(out, link);
});

test("what an export that was killed has left half copied goes, and nobody else writes there at the same time", async () => {
  await open();
  const partial = join(out, "berth/uploads/partial");
  writeFileSync(partial, "half");
  const closers = new Closers();
  await openExportFolder(out, data, closers);
  expect(existsSync(partial)).toBe(false);
  expect(await failureOf(open())).toContain("wait until its export has ended");
  await closers.closeAll();
  await open();
});

test("one of another data directory is refused", async () => {
  await open();
  expect(await failureOf(open(out, makeTemporaryFolder("other")))).toContain("holds an export of another registry");
});

test("one in which another has just begun is not made an export of what comes too late", async () => {
  mkdirSync(out, { recursive: true });
  const release = lockDirectory(out, "export");
  expect(await failureOf(open(out, makeTemporaryFolder("other")))).toContain("wait until its export has ended");
  release();
  await open();
});

test("one with anything in it is refused, and stays as it is; an empty volume is not", async () => {
  mkdirSync(join(out, "lost+found"), { recursive: true });
  await open();
  const full = makeTemporaryFolder("full");
  writeFileSync(join(full, "file"), "");
  expect(await failureOf(open(full))).toContain("is not empty, and no export");
  expect(readdirSync(full)).toEqual(["file"]);
});

test("the data directory, what is in it and what is around it are refused", async () => {
  const link = join(makeTemporaryFolder("link"), "data");
  symlinkSync(data, link);
  for (const folder of [data, join(data, "a/b"), join(data, ".."), join(link, "out")])
    expect(await failureOf(open(folder))).toContain("in the data directory, or around it");
  expect(readdirSync(data)).toEqual([]);
});
