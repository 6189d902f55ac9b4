import { expect, test } from "bun:test";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { makeScratchFolder } from "../../../../src/app/tasks/scratch-folder.ts";
import { makeTemporaryFolder } from "../../../support/temporary-folder.ts";

async function pidOfNobody(): Promise<number> {
  const ended = Bun.spawn(["true"]);
  await ended.exited;
  return ended.pid;
}

test("what a command left that is there no more goes, and nothing else", async () => {
  const parent = makeTemporaryFolder("database");
  const gone = await pidOfNobody();
  const own = basename(await makeScratchFolder(parent, "dry-run"));
  const stays = [`other-${gone}-abcdef`, `dry-run-${gone}`, "backup-abcdef", "backup"];
  const left = `dry-run-${process.pid}-abcdef`;
  for (const name of [...stays, left, `dry-run-${gone}-abcdef`, `backup-${gone}-ABC123`, `import-${gone}-ABC123`]) {
    mkdirSync(join(parent, name));
    writeFileSync(join(parent, name, "copy.db"), "rows");
  }
  const made = await makeScratchFolder(parent, "backup");
  expect(basename(made)).toStartWith(`backup-${process.pid}-`);
  expect(readdirSync(parent).toSorted()).toEqual([...stays, own, basename(made)].toSorted());
});
