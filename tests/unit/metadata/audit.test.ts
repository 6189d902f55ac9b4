import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Act, listActs, openSqlite, pruneActs, recordAct, verifyChain } from "../../../src/metadata/index.ts";

const folder = mkdtempSync(join(tmpdir(), "berth-audit-"));
afterAll(() => rmSync(folder, { recursive: true }));

const act = (actor: string, atMs = 1): Act => ({
  atMs,
  act: "sign-in",
  outcome: "success",
  actor,
  address: undefined,
  requestId: undefined,
});

test("several processes append to one chain, while old rows are removed", async () => {
  const path = join(folder, "several.db");
  const databases = [await openSqlite(path), await openSqlite(path)];
  const workers = databases.flatMap((db, index) => [
    Array.from(
      { length: 300 },
      (_, turn) => () => db.transaction((queries) => recordAct(queries, act(`${index}`, turn))),
    ),
    Array.from({ length: 20 }, () => () => db.transaction((queries) => pruneActs(queries, { beforeMs: 9, limit: 50 }))),
  ]);
  await Promise.all(
    workers.map(async (turns) => {
      for (const turn of turns) await turn();
    }),
  );
  for (const { reads } of databases) {
    const report = await verifyChain(reads);
    expect(report).toMatchObject({ lastSequence: 600 });
    expect(report.broken).toBeUndefined();
    expect((await listActs(reads, { actor: "0", limit: 1000 })).length).toBeWithin(280, 301);
  }
  for (const db of databases) await db.close();
});

test("acts that are few among many are found, from either end", async () => {
  const db = await openSqlite(":memory:");
  await db.transaction(async (queries) => {
    for (let number = 1; number <= 12_000; number++)
      await recordAct(queries, act(number % 4000 === 7 ? "rare" : "usual"));
  });
  const rare = async (page: object) =>
    (await listActs(db.reads, { actor: "rare", limit: 10, ...page })).map(({ sequence }) => sequence);
  expect(await rare({})).toEqual([8007, 4007, 7]);
  expect(await rare({ limit: 2 })).toEqual([8007, 4007]);
  expect(await rare({ afterSequence: 7 })).toEqual([4007, 8007]);
  expect(await rare({ beforeSequence: 8007 })).toEqual([4007, 7]);
  await db.close();
});
