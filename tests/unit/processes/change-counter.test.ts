import { expect, test } from "bun:test";
import { join } from "node:path";
import { makeProcessFolder, openChangeCounter } from "../../../src/processes/index.ts";
import { makeTemporaryFolder } from "../../support/temporary-folder.ts";

const door = join(import.meta.dir, "../../../src/processes/index.ts");

test("what any process changes is another count in all of them", async () => {
  const folder = makeProcessFolder(join(makeTemporaryFolder("processes"), "berth.db"), 3);
  const place = (index: number) => ({ index, count: 3, folder: folder.path, restarts: 0 });
  const counter = openChangeCounter(place(0));
  const seen = [counter.count()];
  counter.add();
  seen.push(counter.count());
  for (const index of [1, 2]) {
    const code = `
      import { openChangeCounter } from ${JSON.stringify(door)};
      openChangeCounter(${JSON.stringify(place(index))}).add();`;
    expect(await Bun.spawn([process.execPath, "-e", code]).exited).toBe(0);
    seen.push(counter.count());
  }
  expect(new Set(seen).size).toBe(4);
  // One that is started again goes on where the one before it ended.
  openChangeCounter(place(0)).add();
  expect(seen).not.toContain(counter.count());
  folder.remove();
});
