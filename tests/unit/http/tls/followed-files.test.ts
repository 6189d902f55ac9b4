import { afterEach, describe, expect, test } from "bun:test";
import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { FollowedFiles } from "../../../../src/http/tls/followed-files.ts";
import { makeTemporaryFolder } from "../../../support/temporary-folder.ts";

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

/** Two files that must hold the same word; nobody but the test looks at them unless an interval is given. */
async function follow(pollIntervalMs = 3_600_000) {
  const folder = makeTemporaryFolder("followed");
  const paths = [join(folder, "left"), join(folder, "right")];
  const write = (...words: string[]) =>
    words.forEach((word, index) => {
      const draft = join(folder, "draft");
      writeFileSync(draft, word);
      renameSync(draft, paths[index] ?? "");
    });
  write("one", "one");
  const problems: unknown[] = [];
  let changes = 0;
  const files = await FollowedFiles.open({
    paths,
    read: async () => {
      const [left, right] = paths.map((path) => readFileSync(path, "utf8"));
      if (left !== right) throw new Error(`${left} is not ${right}`);
      return left;
    },
    pollIntervalMs,
    reportProblem: (message, cause) => problems.push([message, String(cause)]),
  });
  closers.push(() => files.stop());
  files.subscribe(() => (changes += 1));
  return { files, write, paths, problems, changes: () => changes };
}

describe("files that are followed", () => {
  test("are read again when they change, and only then", async () => {
    const { files, write, changes } = await follow();
    await files.checkNow();
    expect([files.current, changes()]).toEqual(["one", 0]);
    write("two", "two");
    await files.checkNow();
    await files.checkNow();
    expect([files.current, changes()]).toEqual(["two", 1]);
  });

  test("are no change when they are written anew with what they held", async () => {
    const { files, write, changes } = await follow();
    write("one", "one");
    await files.checkNow();
    expect(changes()).toBe(0);
  });

  test("may be looked at between two halves of a change", async () => {
    const { files, write, problems } = await follow();
    write("two");
    await files.checkNow();
    expect(files.current).toBe("one");
    write("two", "two");
    await files.checkNow();
    expect(files.current).toBe("two");
    expect(problems).toEqual([]);
  });

  test("that stay broken are reported once for each change", async () => {
    const { files, write, paths, problems } = await follow();
    write("two");
    for (let look = 0; look < 4; look += 1) await files.checkNow();
    expect(problems).toEqual([
      [`${paths.join(", ")} changed but cannot be used: what was read before stays in use`, "Error: two is not one"],
    ]);
    write("three");
    for (let look = 0; look < 4; look += 1) await files.checkNow();
    expect(problems).toHaveLength(2);
    expect(files.current).toBe("one");
  });

  test("that vanish leave the value as it was, and are taken up when they are back", async () => {
    const { files, write, paths, problems } = await follow();
    rmSync(paths[0] ?? "");
    for (let look = 0; look < 3; look += 1) await files.checkNow();
    expect([files.current, problems.length]).toEqual(["one", 1]);
    write("two", "two");
    await files.checkNow();
    expect(files.current).toBe("two");
  });

  test("are looked at by themselves", async () => {
    const { files, write } = await follow(5);
    const changed = new Promise<void>((resolve) => files.subscribe(resolve));
    write("two", "two");
    await changed;
    expect(files.current).toBe("two");
  });

  test("that cannot be read at the start are an error", async () => {
    const opened = FollowedFiles.open({
      paths: [],
      read: () => Promise.reject(new Error("nothing to read")),
      pollIntervalMs: 1000,
      reportProblem: () => undefined,
    });
    expect(await opened.catch(String)).toBe("Error: nothing to read");
  });
});
