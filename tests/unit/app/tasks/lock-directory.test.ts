import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { lockDirectory } from "../../../../src/app/tasks/lock-directory.ts";
import { makeTemporaryFolder } from "../../../support/temporary-folder.ts";

test("a directory is for one command at a time, whatever an earlier version has left in it", () => {
  const directory = makeTemporaryFolder("locked");
  writeFileSync(join(directory, "berth.lock"), "1234\n");
  const release = lockDirectory(directory, "backup");
  expect(() => lockDirectory(directory, "backup")).toThrow(
    `another Berth (process ${process.pid}) works on ${directory}: wait until its backup has ended`,
  );
  release();
  lockDirectory(directory, "export")();
});
