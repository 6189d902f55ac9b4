import { describe, expect, test } from "bun:test";

import type { SyncFolder } from "../../../../src/runtime/index.ts";
import { DurableDirectories } from "../../../../src/storage/filesystem/durable-directories.ts";
import { failureOf } from "../../../support/failure-of.ts";

/** Records what is synced; each sync ends when the test lets it. */
class Disk {
  readonly started: string[] = [];
  readonly #open: PromiseWithResolvers<void>[] = [];
  readonly sync = (directory: string): Promise<void> => {
    this.started.push(directory);
    const turn = Promise.withResolvers<void>();
    this.#open.push(turn);
    return turn.promise;
  };

  takeStarted(): string[] {
    return this.started.splice(0).sort();
  }

  endAll(): void {
    for (const turn of this.#open.splice(0)) turn.resolve();
  }
}

const make = (syncDirectory: SyncFolder) =>
  new DurableDirectories({ root: "/root", unfinishedDirectory: "/root/unfinished", syncDirectory });

const free = () => {
  const synced: string[] = [];
  const directories = make(async (directory) => void synced.push(directory));
  return { directories, takeSynced: () => synced.splice(0).sort() };
};

describe("DurableDirectories", () => {
  test("the first sync covers the way from the root, later ones only what is new", async () => {
    const { directories, takeSynced } = free();
    await directories.sync("/root/a/b/c");
    expect(takeSynced()).toEqual(["/root", "/root/a", "/root/a/b", "/root/a/b/c"]);
    await directories.sync("/root/a/b/d");
    expect(takeSynced()).toEqual(["/root/a/b", "/root/a/b/d"]);
    await directories.sync("/root");
    expect(takeSynced()).toEqual(["/root"]);
  });

  test("the directory of one object is new every time, as another process may have removed and made it", async () => {
    const { directories, takeSynced } = free();
    await directories.sync("/root/a/b");
    takeSynced();
    await directories.sync("/root/a/b");
    expect(takeSynced()).toEqual(["/root/a", "/root/a/b"]);
  });

  test("the directory of unfinished files is not, as nobody removes it", async () => {
    const { directories, takeSynced } = free();
    await directories.sync("/root/unfinished");
    expect(takeSynced()).toEqual(["/root", "/root/unfinished"]);
    await directories.sync("/root/unfinished");
    expect(takeSynced()).toEqual(["/root/unfinished"]);
  });

  test("what is remembered is shared, and not to be removed", async () => {
    const { directories } = free();
    await directories.sync("/root/a/b");
    expect(["/root/a", "/root/a/b", "/root/unfinished"].map((each) => directories.isShared(each))).toEqual([
      true,
      false,
      true,
    ]);
  });

  test("a failed sync is told, and what it should have covered stays new", async () => {
    let failure: Error | undefined = new Error("the disk is broken");
    const synced: string[] = [];
    const directories = make(async (directory) => {
      if (directory === "/root/a" && failure) throw failure;
      synced.push(directory);
    });
    expect(await failureOf(directories.sync("/root/a/b"))).toContain("the disk is broken");
    failure = undefined;
    synced.length = 0;
    await directories.sync("/root/a/b");
    expect(synced.sort()).toEqual(["/root", "/root/a", "/root/a/b"]);
  });

  test("callers that come while a directory is synced share the next sync of it", async () => {
    const disk = new Disk();
    const directories = make(disk.sync);
    const first = directories.sync("/root");
    expect(disk.takeStarted()).toEqual(["/root"]);
    const others = [1, 2, 3].map(() => directories.sync("/root"));
    await Promise.resolve();
    expect(disk.takeStarted()).toEqual([]);
    disk.endAll();
    await first;
    expect(disk.takeStarted()).toEqual(["/root"]);
    disk.endAll();
    await Promise.all(others);
    expect(disk.takeStarted()).toEqual([]);
  });

  test("a hundred at once need few syncs of what they share", async () => {
    const { directories, takeSynced } = free();
    await Promise.all(Array.from({ length: 100 }, (_, index) => directories.sync(`/root/a/${index}`)));
    expect(takeSynced().filter((each) => each === "/root/a").length).toBeLessThanOrEqual(2);
  });

  test("stays right beyond the number of directories that it remembers", async () => {
    const { directories, takeSynced } = free();
    for (let index = 0; index < 5000; index++) await directories.sync(`/root/a/${index}`);
    takeSynced();
    await directories.sync("/root/a/new");
    expect(takeSynced()).toContain("/root/a");
  });
});
