import { Database } from "bun:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { sql } from "kysely";
import { MetadataError, type Queries } from "../../../src/metadata/index.ts";
import { KyselyOnSqlite } from "../../../src/metadata/sqlite/bun-sqlite.ts";
import { GroupCommit } from "../../../src/metadata/sqlite/group-commit.ts";
import type { Schema } from "../../../src/metadata/schema.ts";

let connection: Database;
let group: GroupCommit;
let commits: number;
/** Those under way; a test ends them. */
let syncs: PromiseWithResolvers<void>[];

beforeEach(() => {
  connection = new Database(":memory:");
  connection.run("create table numbers (number integer primary key)");
  commits = 0;
  syncs = [];
  group = new GroupCommit({
    connection,
    queries: new KyselyOnSqlite<Schema>(connection, "x.db"),
    path: "x.db",
    beforeWriting: () => undefined,
    written: () => void commits++,
    sync() {
      const sync = Promise.withResolvers<void>();
      syncs.push(sync);
      return sync.promise;
    },
  });
});

afterEach(() => connection.close());

const insert = (number: number) => async (queries: Queries) => {
  await sql`insert into numbers values (${number})`.execute(queries);
  return number;
};
const numbers = () => connection.query("select number from numbers order by number").values().flat();
const turn = () => new Promise(setImmediate);

async function endSyncs(): Promise<void> {
  for (let idle = 0; idle < 3; idle++) {
    if (syncs.length > 0) idle = 0;
    for (const sync of syncs.splice(0)) sync.resolve();
    await turn();
  }
}

/** Whether it is settled by now. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  const pending = Symbol("pending");
  await turn();
  await turn();
  return (await Promise.race([promise.catch(() => undefined), Promise.resolve(pending)])) !== pending;
}

async function failureOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => undefined,
    (error: unknown) => error,
  );
}

test("who comes together is committed and synced together, and gets what each asked for", async () => {
  const all = Promise.all([1, 2, 3].map((number) => group.run(insert(number), true)));
  await turn();
  expect([commits, syncs.length]).toEqual([1, 1]);
  await endSyncs();
  expect(await all).toEqual([1, 2, 3]);
});

test("nobody is told of a commit before the sync that began after it has ended", async () => {
  const first = group.run(insert(1), true);
  expect(await isSettled(first)).toBe(false);
  expect(numbers()).toEqual([1]);
  syncs.shift()?.resolve();
  expect(await first).toBe(1);
});

test("who comes during a sync is committed at once, and told after another sync", async () => {
  const first = group.run(insert(1), true);
  await turn();
  const others = [2, 3].map((number) => group.run(insert(number), true));
  await turn();
  expect([commits, numbers(), syncs.length]).toEqual([2, [1, 2, 3], 2]);
  syncs.shift()?.resolve();
  await first;
  expect(await isSettled(Promise.all(others))).toBe(false);
  await endSyncs();
  expect(await Promise.all(others)).toEqual([2, 3]);
});

test("who does not need to be durable waits for no sync", async () => {
  const first = group.run(insert(1), true);
  expect(await group.run(insert(2), false)).toBe(2);
  expect(numbers()).toEqual([1, 2]);
  expect(await isSettled(first)).toBe(false);
  await endSyncs();
  expect(await first).toBe(1);
});

test("more than fit a group are committed all the same, one after another", async () => {
  const order: number[] = [];
  const all = Array.from({ length: 100 }, (_, number) =>
    group.run(async (queries) => {
      order.push(number);
      await insert(number)(queries);
      expect(order.at(-1)).toBe(number);
    }, true),
  );
  await endSyncs();
  await Promise.all(all);
  expect(numbers()).toHaveLength(100);
  expect(order).toEqual(order.toSorted((a, b) => a - b));
  expect(commits).toBeLessThan(10);
});

describe("work that fails", () => {
  const broken = new Error("no");
  const breaking = (number: number) => async (queries: Queries) => {
    await insert(number)(queries);
    throw broken;
  };

  test("is undone by itself", async () => {
    const all = [group.run(insert(1), true), failureOf(group.run(breaking(2), true)), group.run(insert(3), true)];
    await endSyncs();
    expect(await Promise.all(all)).toEqual([1, broken, 3]);
    expect(numbers()).toEqual([1, 3]);
  });

  test("is undone when it is alone", async () => {
    expect(await failureOf(group.run(breaking(1), true))).toBe(broken);
    expect([numbers(), connection.inTransaction, syncs.length]).toEqual([[], false, 0]);
  });

  test("because SQLite undid everything fails with all others, and the next is committed", async () => {
    const undoing = async (queries: Queries) => {
      await insert(2)(queries);
      await sql`insert or rollback into numbers values (2)`.execute(queries);
    };
    const all = [group.run(insert(1), true), group.run(undoing, true), group.run(insert(3), true)];
    const failures = await Promise.all(all.map(failureOf));
    expect(failures.map((failure) => failure instanceof Error)).toEqual([true, true, true]);
    expect(numbers()).toEqual([]);
    expect(await group.run(insert(4), false)).toBe(4);
  });
});

test("a sync that fails is told to all who share it, and to nobody else", async () => {
  const broken = new MetadataError("unavailable", "the disk");
  const one = group.run(insert(1), true);
  const two = group.run(insert(2), true);
  const free = group.run(insert(3), false);
  expect(await free).toBe(3);
  syncs.shift()?.reject(broken);
  expect(await Promise.all([one, two].map(failureOf))).toEqual([broken, broken]);
  const next = group.run(insert(4), true);
  await endSyncs();
  expect(await next).toBe(4);
});

test("a commit that fails is told to all in the group, and nothing of it stays", async () => {
  connection.run("pragma foreign_keys = on");
  connection.run("create table others (number integer references numbers (number) deferrable initially deferred)");
  const dangling = async (queries: Queries) => {
    await sql`insert into others values (99)`.execute(queries);
  };
  const failures = await Promise.all([group.run(insert(1), true), group.run(dangling, true)].map(failureOf));
  expect(failures.map(String)).toEqual(Array(2).fill(expect.stringContaining("FOREIGN KEY")));
  expect([numbers(), connection.inTransaction]).toEqual([[], false]);
});
