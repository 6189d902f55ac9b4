import { afterAll, afterEach, describe, expect, test } from "bun:test";
import { existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { joinServing, lockForServing, lockForSeveral, MetadataError } from "../../../src/metadata/index.ts";

const folder = mkdtempSync(join(tmpdir(), "berth-lock-"));
afterAll(() => rmSync(folder, { recursive: true }));

const door = join(import.meta.dir, "../../../src/metadata/index.ts");
const patience = { waitMs: 20_000 };

const children: Bun.Subprocess[] = [];
afterEach(async () => {
  for (const child of children.splice(0)) {
    child.kill("SIGKILL");
    await child.exited;
  }
});

/** Another process that has the lock when this resolves. */
async function startOther(databasePath: string, take = "lockForServing"): Promise<Bun.Subprocess> {
  const code = `
    import { ${take} } from ${JSON.stringify(door)};
    const lock = await ${take}(${JSON.stringify(databasePath)}, { waitMs: 0 });
    process.on("SIGTERM", () => lock.release());
    console.log("locked");
    setInterval(() => {}, 1000);`;
  const child = Bun.spawn([process.execPath, "-e", code], { stdout: "pipe" });
  children.push(child);
  const { value } = await child.stdout.getReader().read();
  expect(new TextDecoder().decode(value)).toBe("locked\n");
  return child;
}

async function refusalOf(databasePath: string, take = lockForServing): Promise<unknown> {
  return take(databasePath, { waitMs: 0 }).then(
    (lock) => lock.release(),
    (error: unknown) => error,
  );
}

test("two processes never serve one database, and the refusal says which", async () => {
  const path = join(folder, "a", "berth.db");
  const { pid } = await startOther(path);
  const refusal = await refusalOf(path);
  expect(refusal).toBeInstanceOf(MetadataError);
  expect(refusal).toMatchObject({
    reason: "unavailable",
    message: `another Berth serves ${join(folder, "a")} (process ${pid}): stop it first, or serve another folder`,
  });
});

test("whoever waits is told for whom, and gets the lock when the other releases it", async () => {
  const path = join(folder, "b", "berth.db");
  const other = await startOther(path);
  const { promise: told, resolve: tell } = Promise.withResolvers<string>();
  const waiting = lockForServing(path, { ...patience, tell });
  expect(await told).toBe(`another Berth serves ${join(folder, "b")} (process ${other.pid})`);
  other.kill("SIGTERM");
  (await waiting).release();
});

test("whoever waits gets the lock when the other is killed", async () => {
  const path = join(folder, "c", "berth.db");
  const other = await startOther(path);
  const waiting = lockForServing(path, patience);
  other.kill("SIGKILL");
  const lock = await waiting;
  expect(await refusalOf(path)).toBeInstanceOf(MetadataError);
  lock.release();
  expect(await refusalOf(path)).toBeUndefined();
});

test("nobody else on the machine can hold it: the file and its folder are for their owner alone", async () => {
  const before = process.umask(0);
  try {
    const lock = await lockForServing(join(folder, "e", "berth", "berth.db"), { waitMs: 0 });
    const modes = ["e/berth", "e/berth/serve.lock"].map((path) => statSync(join(folder, path)).mode & 0o777);
    expect(modes).toEqual([0o700, 0o600]);
    lock.release();
  } finally {
    process.umask(before);
  }
});

test("other databases, and one in memory, are free", async () => {
  const locks = [
    await lockForServing(join(folder, "d", "berth.db"), { waitMs: 0 }),
    await lockForServing(join(folder, "e", "berth.db"), { waitMs: 0 }),
    await lockForServing(":memory:", { waitMs: 0 }),
    await lockForServing(":memory:", { waitMs: 0 }),
  ];
  expect(existsSync(join(folder, "d", "serve.lock"))).toBe(true);
  for (const lock of locks) lock.release();
});

describe("who serves together", () => {
  test("joins the one that has the lock for several, and nobody else comes in", async () => {
    const path = join(folder, "f", "berth.db");
    await startOther(path, "lockForSeveral");
    const joined = [await joinServing(path), await joinServing(path)];
    expect(await refusalOf(path)).toBeInstanceOf(MetadataError);
    expect(await refusalOf(path, lockForSeveral)).toBeInstanceOf(MetadataError);
    for (const lock of joined) lock.release();
  });

  test("keeps others out also when the one that started it is gone", async () => {
    const path = join(folder, "g", "berth.db");
    const superior = await startOther(path, "lockForSeveral");
    const orphan = await startOther(path, "joinServing");
    superior.kill("SIGKILL");
    await superior.exited;
    expect(await refusalOf(path)).toBeInstanceOf(MetadataError);
    expect(await refusalOf(path, lockForSeveral)).toBeInstanceOf(MetadataError);
    orphan.kill("SIGKILL");
    await orphan.exited;
    expect(await refusalOf(path, lockForSeveral)).toBeUndefined();
  });

  test("does not join one that serves alone", async () => {
    const path = join(folder, "h", "berth.db");
    await startOther(path);
    expect(await refusalOf(path, joinServing)).toBeInstanceOf(MetadataError);
  });
});
