import { afterEach, beforeEach, expect, test } from "bun:test";
import { statSync } from "node:fs";
import { join } from "node:path";
import { makeFolder, syncFolder } from "../../../src/runtime/index.ts";
import { makeTemporaryFolder, removeTemporaryFolder } from "../../support/temporary-folder.ts";

let folder: string;
beforeEach(() => {
  folder = makeTemporaryFolder("durable-folder");
});
const modeOf = (name: string) => statSync(join(folder, name)).mode & 0o777;
afterEach(() => removeTemporaryFolder(folder));

test("the names of all new folders are synced, and no others", async () => {
  const synced: string[] = [];
  const sync = async (path: string) => void synced.push(path);
  await makeFolder(join(folder, "a/b/c"), { sync });
  expect(synced).toEqual([join(folder, "a/b"), join(folder, "a"), folder]);
  await makeFolder(join(folder, "a/b/c"), { sync });
  expect(synced).toHaveLength(3);
});

test("a mode is that of the folder itself", async () => {
  await makeFolder(join(folder, "a/b"), { mode: 0o700 });
  expect([modeOf("a/b"), modeOf("a") === modeOf("a/b")]).toEqual([0o700, false]);
});

test("the sync of a folder that is not there fails", async () => {
  expect(await syncFolder(folder)).toBeUndefined();
  expect(await syncFolder(join(folder, "absent")).catch(String)).toContain("ENOENT");
});
