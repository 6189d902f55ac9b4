import { Database } from "bun:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { CheckpointThread } from "../../../src/metadata/sqlite/checkpoint-thread.ts";
import type { CheckpointMode } from "../../../src/metadata/sqlite/checkpoint.ts";
import { Checkpoints, type CheckpointsOptions } from "../../../src/metadata/sqlite/checkpoints.ts";
import { mustRun } from "../../support/run-program.ts";
import { makeTemporaryFolder, removeTemporaryFolder } from "../../support/temporary-folder.ts";

const PAGES = 50;
const PAGE_BYTES = 4096;
/** What is committed between two looks is less. */
const LONGEST_BYTES = (8 * PAGES + 100) * PAGE_BYTES;

const source = join(import.meta.dir, "../../../src/metadata/sqlite");

let folder: string;
let path: string;
let writer: Database;
let reader: Database;

beforeEach(() => {
  folder = makeTemporaryFolder("checkpoints");
  path = join(folder, "x.db");
  writer = open();
  writer.run("create table numbers (number integer primary key, text text)");
  reader = open();
});

afterEach(() => {
  reader.close();
  writer.close();
  removeTemporaryFolder(folder);
});

function open(): Database {
  const connection = new Database(path, { create: true, readwrite: true });
  connection.run("pragma journal_mode = wal");
  connection.run("pragma synchronous = normal");
  connection.run("pragma wal_autocheckpoint = 0");
  connection.run("pragma busy_timeout = 5000");
  return connection;
}

function keepShort(thread: CheckpointsOptions["thread"] = new CheckpointThread({ databasePath: path })): Checkpoints {
  return new Checkpoints({ connection: reader, thread, pages: PAGES });
}

async function commit(checkpoints: Checkpoints): Promise<void> {
  await checkpoints.beforeWriting();
  writer.run("insert into numbers (text) values (?)", ["x".repeat(2000)]);
  checkpoints.written();
  // What comes in while a registry commits.
  await new Promise(setImmediate);
}

test("a commit stands when the log cannot be looked at", async () => {
  const checkpoints = keepShort();
  await commit(checkpoints);
  reader.close();
  checkpoints.written();
  expect(rows(writer)).toBe(1);
  await checkpoints.close();
});

function rows(connection: Database): number {
  return Number(connection.query<unknown, []>("select count(*) from numbers").values()[0]?.[0]);
}

async function failureOf(thread: CheckpointThread): Promise<string> {
  return thread.checkpoint("passive").then(() => "", String);
}

const logBytes = () => statSync(`${path}-wal`).size;

test("the log stays short however much is committed, and everything is in the database at the end", async () => {
  const thread = new CheckpointThread({ databasePath: path });
  const modes = new Set<CheckpointMode>();
  const seen = (mode: CheckpointMode) => thread.checkpoint(mode).finally(() => modes.add(mode));
  const checkpoints = keepShort({ checkpoint: seen, close: () => thread.close() });
  const hasBegunAnew = () => modes.has("restart") || modes.has("truncate");
  let commits = 0;
  // A thread that gets no processor may take its time; the log stays short all the same.
  for (; commits < 3000 || (!hasBegunAnew() && commits < 100_000); commits++) await commit(checkpoints);
  expect(logBytes()).toBeLessThan(LONGEST_BYTES);
  await checkpoints.close();
  expect(hasBegunAnew()).toBe(true);
  expect(rows(reader)).toBe(commits);
  expect(reader.query<unknown, []>("pragma integrity_check").values()).toEqual([["ok"]]);
});

test("what is committed on the way is neither held up for good nor lost for a reader", async () => {
  const checkpoints = keepShort();
  for (let turn = 1; turn <= 500; turn++) {
    await commit(checkpoints);
    expect(rows(reader)).toBe(turn);
  }
  await checkpoints.close();
});

test("a log that another's reading made long is short again once that has ended", async () => {
  const checkpoints = keepShort();
  const other = open();
  await commit(checkpoints);
  other.run("begin");
  expect(rows(other)).toBe(1);
  for (let turn = 0; turn < 800; turn++) await commit(checkpoints);
  expect(logBytes()).toBeGreaterThan(LONGEST_BYTES);
  expect(rows(other)).toBe(1);
  other.run("commit");
  other.close();
  for (let turn = 0; logBytes() > LONGEST_BYTES; turn++) {
    expect(turn).toBeLessThan(5000);
    await commit(checkpoints);
  }
  await checkpoints.close();
});

describe("a thread that dies", () => {
  const dying = async (text: string) => {
    const program = join(folder, "dying.ts");
    await Bun.write(program, text);
    return new CheckpointThread({ databasePath: path, program });
  };

  test.each([
    ["at its start", "throw new Error('died')"],
    ["at its first work", "self.addEventListener('message', () => { throw new Error('died'); })"],
    ["without a word", "self.addEventListener('message', () => process.exit(0))"],
  ])("%s leaves the log to the one that there is", async (_, text) => {
    const thread = await dying(text);
    expect(await failureOf(thread)).not.toBe("");
    const checkpoints = keepShort(thread);
    for (let turn = 0; turn < 3000; turn++) await commit(checkpoints);
    expect(logBytes()).toBeLessThan(LONGEST_BYTES);
    await checkpoints.close();
    expect(rows(reader)).toBe(3000);
  });

  test("is started again", async () => {
    const flag = join(folder, "flag");
    const thread = await dying(`
      import { existsSync } from "node:fs";
      import ${JSON.stringify(join(source, "checkpoint-worker.ts"))};
      if (!existsSync(${JSON.stringify(flag)})) throw new Error("died");`);
    expect(await failureOf(thread)).toContain("died");
    await Bun.write(flag, "");
    expect(await thread.checkpoint("passive")).toMatchObject({ isBusy: false });
    await thread.close();
  });
});

test("a checkpoint that cannot be made says why, and the thread lives on", async () => {
  const nowhere = new CheckpointThread({ databasePath: join(folder, "absent/x.db") });
  expect(await failureOf(nowhere)).toContain("unable to open");
  expect(await failureOf(nowhere)).toContain("unable to open");
  await nowhere.close();
});

/** Neither closes its thread nor exits: it has to end by itself, and not before the checkpoint is made. */
const program = `
  import { CheckpointThread } from ${JSON.stringify(join(source, "checkpoint-thread.ts"))};
  const thread = new CheckpointThread({ databasePath: process.argv.at(-1) ?? "" });
  console.log(JSON.stringify(await thread.checkpoint("passive")));
`;

describe("a program", () => {
  beforeEach(() => Bun.write(join(folder, "main.ts"), program));

  const madeBy = async (command: readonly string[]) =>
    JSON.parse((await mustRun([...command, path], { cwd: folder })).stdout) as unknown;

  test("finds the thread's program wherever it is started, and ends when the checkpoint is made", async () => {
    expect(await madeBy([process.execPath, join(folder, "main.ts")])).toMatchObject({ isBusy: false });
  });

  test("finds it in itself when it is compiled into an executable", async () => {
    const executable = join(folder, "executable");
    const entryPoints = [join(folder, "main.ts"), join(source, "checkpoint-worker.ts")];
    const root = `--root=${join(source, "../..")}`;
    await mustRun([process.execPath, "build", "--compile", root, ...entryPoints, `--outfile=${executable}`]);
    expect(await madeBy([executable])).toMatchObject({ isBusy: false });
  });
});

describe("beside another process", () => {
  const run = (program: string) =>
    Bun.spawn([process.execPath, "-e", program], {
      stdout: "pipe",
      stderr: "inherit",
      env: { ...process.env, DB: path },
    });

  test("both write all that they want, and none takes the other's locks away", async () => {
    const other = run(`
      const { Database } = require("bun:sqlite");
      const db = new Database(process.env.DB);
      db.run("pragma busy_timeout = 10000");
      db.run("pragma synchronous = normal");
      for (let turn = 0; turn < 500; turn++) db.run("insert into numbers (text) values ('there')");
      console.log("written");`);
    const checkpoints = keepShort();
    let turns = 0;
    for (; other.exitCode === null || turns < 1000; turns++) await commit(checkpoints);
    expect((await other.stdout.text()).trim()).toBe("written");
    expect(rows(reader)).toBe(turns + 500);
    // Whoever asks while we write is told so, also after the thread has come and gone.
    const ask = (waitMs: number) => `
      const { Database } = require("bun:sqlite");
      const db = new Database(process.env.DB);
      db.run("pragma busy_timeout = ${waitMs}");
      try { db.run("begin immediate"); console.log("free"); } catch (error) { console.log(error.code); }
      db.close();`;
    for (const isClosed of [false, true]) {
      if (isClosed) await checkpoints.close();
      writer.run("begin immediate");
      expect((await run(ask(0)).stdout.text()).trim()).toBe("SQLITE_BUSY");
      writer.run("commit");
      expect((await run(ask(5000)).stdout.text()).trim()).toBe("free");
    }
    expect(existsSync(`${path}-wal`)).toBe(true);
    expect(reader.query<unknown, []>("pragma integrity_check").values()).toEqual([["ok"]]);
  }, 30_000);

  test("one that is killed while it moves pages loses nothing that it committed", async () => {
    const program = `
      import { Database } from "bun:sqlite";
      const { CheckpointThread } = await import(${JSON.stringify(join(source, "checkpoint-thread.ts"))});
      const { Checkpoints } = await import(${JSON.stringify(join(source, "checkpoints.ts"))});
      const [writer, connection] = [new Database(process.env.DB), new Database(process.env.DB)];
      for (const each of [writer, connection]) each.run("pragma synchronous = normal");
      writer.run("pragma wal_autocheckpoint = 0");
      const thread = new CheckpointThread({ databasePath: process.env.DB });
      const checkpoints = new Checkpoints({ connection, thread, pages: 10 });
      for (let number = Number(process.env.FROM); ; number++) {
        await checkpoints.beforeWriting();
        writer.run("insert into numbers values (?, ?)", [number, "x".repeat(3000)]);
        checkpoints.written();
        process.stdout.write(number + "\\n");
        await new Promise(setImmediate);
      }`;
    for (let turn = 0, from = 1; turn < 6; turn++) {
      const env = { ...process.env, DB: path, FROM: String(from) };
      const other = Bun.spawn([process.execPath, "-e", program], { stdout: "pipe", stderr: "inherit", env });
      let last = 0;
      let text = "";
      for await (const chunk of other.stdout) {
        text = (text + new TextDecoder().decode(chunk)).slice(-100);
        last = Number(text.slice(0, text.lastIndexOf("\n")).split("\n").at(-1));
        if (last > from + 300 + turn * 7) other.kill("SIGKILL");
      }
      const [row] = reader.query<unknown, []>("select count(*), max(number) from numbers").values();
      const [count, newest] = row as [number, number];
      expect(count).toBe(newest);
      expect(newest).toBeGreaterThanOrEqual(last);
      expect(reader.query<unknown, []>("pragma integrity_check").values()).toEqual([["ok"]]);
      from = newest + 1;
    }
  }, 30_000);
});
