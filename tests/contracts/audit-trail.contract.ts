import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  type Act,
  type ActPage,
  type ChainReport,
  findExportPosition,
  listActs,
  type MetadataDatabase,
  pruneActs,
  putExportPosition,
  type Queries,
  recordAct,
  verifyChain,
} from "../../src/metadata/index.ts";

/** What the audit trail promises on every metadata database. */
export function describeAuditTrail(name: string, open: () => Promise<MetadataDatabase>): void {
  describe(`the audit trail on ${name}`, () => {
    let db: MetadataDatabase;
    beforeEach(async () => {
      db = await open();
    });
    afterEach(async () => {
      await db.close();
    });

    const write = <T>(work: (queries: Queries) => Promise<T>) => db.transaction(work);
    const act = (number: number, more: Partial<Act> = {}): Act => ({
      atMs: number * 1000,
      act: "tag.create",
      outcome: "success",
      actor: "alice",
      address: "10.0.0.1",
      requestId: `request-${number}`,
      target: "team/app",
      detail: { tag: `v${number}` },
      ...more,
    });
    const record = (...acts: readonly Act[]) =>
      write(async (queries) => {
        for (const each of acts) await recordAct(queries, each);
      });
    const recordMany = (count: number) => record(...Array.from({ length: count }, (_, index) => act(index + 1)));
    const sequences = async (page: Partial<ActPage> = {}) =>
      (await listActs(db.reads, { limit: 100, ...page })).map(({ sequence }) => sequence);
    const prune = (beforeMs: number, more: object = {}) =>
      write((queries) => pruneActs(queries, { beforeMs, limit: 100, ...more }));

    test("an act is there with all that it says, from the first number on", async () => {
      await record(act(1), {
        ...act(2),
        actor: undefined,
        address: undefined,
        requestId: undefined,
        detail: undefined,
      });
      const [second, first] = await listActs(db.reads, { limit: 10 });
      expect(first).toEqual({
        sequence: 1,
        atMs: 1000,
        act: "tag.create",
        outcome: "success",
        actor: "alice",
        address: "10.0.0.1",
        target: "team/app",
        requestId: "request-1",
        detail: '{"tag":"v1"}',
        hash: expect.stringMatching(/^[0-9a-f]{64}$/),
      });
      expect(second).toMatchObject({ sequence: 2, actor: null, address: null, requestId: null, detail: null });
    });

    test("it is undone with its transaction, and leaves no gap", async () => {
      await record(act(1));
      const failure = new Error("the act failed");
      const undone = write(async (queries) => {
        await recordAct(queries, act(2));
        throw failure;
      });
      const outcomes = await Promise.allSettled([undone, record(act(3)), record(act(4))]);
      expect(outcomes[0]).toEqual({ status: "rejected", reason: failure });
      expect(await sequences()).toEqual([3, 2, 1]);
      expect((await verifyChain(db.reads)).broken).toBeUndefined();
    });

    describe("a list", () => {
      beforeEach(() =>
        record(
          act(1),
          act(2, { actor: "bob", target: "team/other" }),
          act(3, { act: "sign-in", outcome: "failure", target: "team_app" }),
          act(4, { actor: undefined, target: undefined }),
          act(5, { target: "team/app/nested" }),
        ),
      );

      const rows: readonly (readonly [string, Partial<ActPage>, readonly number[]])[] = [
        ["the newest first", {}, [5, 4, 3, 2, 1]],
        ["a page of it", { limit: 2 }, [5, 4]],
        ["the next page", { limit: 2, beforeSequence: 4 }, [3, 2]],
        ["the oldest first", { afterSequence: 0, limit: 3 }, [1, 2, 3]],
        ["on from there", { afterSequence: 3 }, [4, 5]],
        ["behind the end", { afterSequence: 5 }, []],
        ["by actor", { actor: "alice" }, [5, 3, 1]],
        ["by target", { target: "team/app" }, [1]],
        ["by what the target begins with", { targetPrefix: "team/" }, [5, 2, 1]],
        ["by act", { act: "sign-in" }, [3]],
        ["by outcome", { outcome: "success" }, [5, 4, 2, 1]],
        ["by time, the end exclusive", { fromMs: 2000, toMs: 4000 }, [3, 2]],
        ["by several", { actor: "alice", targetPrefix: "team/", fromMs: 2000 }, [5]],
      ];
      test.each(rows)("%s", async (_, page, expected) => expect(await sequences(page)).toEqual([...expected]));
    });

    describe("the chain", () => {
      test("of nothing is whole", async () => {
        expect(await verifyChain(db.reads)).toMatchObject({ rows: 0, firstSequence: 0, lastSequence: 0 });
      });

      test("is whole over several pages, and says how far it is", async () => {
        await recordMany(2500);
        const progress: number[] = [];
        const report = await verifyChain(db.reads, ({ rows, endSequence }) => progress.push(rows, endSequence));
        const [last] = await listActs(db.reads, { limit: 1 });
        const range = { removedThrough: 0, firstSequence: 1, lastSequence: 2500 };
        expect(report).toEqual({ rows: 2500, ...range, lastHash: last?.hash ?? "" });
        expect(progress).toEqual([1000, 2500, 2000, 2500, 2500, 2500]);
      });

      const tampered: readonly (readonly [string, (queries: Queries) => Promise<unknown>, ChainReport["broken"]])[] = [
        [
          "a changed row",
          (queries) => queries.updateTable("audit").set({ actor: "mallory" }).where("sequence", "=", 3).execute(),
          { sequence: 3, reason: "changed" },
        ],
        [
          "what was taken from a row",
          (queries) => queries.updateTable("audit").set({ detail: null }).where("sequence", "=", 4).execute(),
          { sequence: 4, reason: "changed" },
        ],
        [
          "a changed hash",
          (queries) =>
            queries
              .updateTable("audit")
              .set({ hash: "f".repeat(64) })
              .where("sequence", "=", 5)
              .execute(),
          { sequence: 5, reason: "changed" },
        ],
        [
          "a row that was removed",
          (queries) => queries.deleteFrom("audit").where("sequence", "=", 3).execute(),
          { sequence: 3, reason: "missing" },
        ],
        [
          "a row that was removed, and the others moved up",
          async (queries) => {
            await queries.deleteFrom("audit").where("sequence", "=", 3).execute();
            await queries.updateTable("audit").set({ sequence: 3 }).where("sequence", "=", 4).execute();
            await queries.updateTable("audit").set({ sequence: 4 }).where("sequence", "=", 5).execute();
          },
          { sequence: 3, reason: "changed" },
        ],
        [
          "two rows in each other's place",
          async (queries) => {
            for (const [from, to] of [
              [2, 99],
              [3, 2],
              [99, 3],
            ] as const)
              await queries.updateTable("audit").set({ sequence: to }).where("sequence", "=", from).execute();
          },
          { sequence: 2, reason: "changed" },
        ],
        [
          "a row that was put in between",
          async (queries) => {
            await queries.updateTable("audit").set({ sequence: 6 }).where("sequence", "=", 5).execute();
            await queries.updateTable("audit").set({ sequence: 5 }).where("sequence", "=", 4).execute();
            await queries
              .insertInto("audit")
              .columns(["sequence", "at_ms", "act", "outcome", "hash"])
              .expression(
                queries
                  .selectFrom("audit")
                  .select((row) => [row.val(4).as("sequence"), "at_ms", "act", "outcome", "hash"])
                  .where("sequence", "=", 3),
              )
              .execute();
          },
          { sequence: 4, reason: "changed" },
        ],
        [
          "the beginning cut off",
          (queries) => queries.deleteFrom("audit").where("sequence", "<", 3).execute(),
          { sequence: 1, reason: "missing" },
        ],
        [
          "the end cut off",
          (queries) => queries.deleteFrom("audit").where("sequence", ">", 3).execute(),
          { sequence: 4, reason: "missing-end" },
        ],
        [
          "the end cut off, and written on",
          async (queries) => {
            await queries.deleteFrom("audit").where("sequence", ">", 3).execute();
            await recordAct(queries, act(6));
          },
          { sequence: 4, reason: "missing" },
        ],
        ["all removed", (queries) => queries.deleteFrom("audit").execute(), { sequence: 1, reason: "missing-end" }],
      ];
      test.each(tampered)("shows %s", async (_, tamper, broken) => {
        await recordMany(5);
        await write(tamper);
        expect((await verifyChain(db.reads)).broken).toEqual(broken);
      });

      test("shows a row that stands where rows were removed for their age", async () => {
        await recordMany(5);
        await prune(4000);
        await write((queries) => queries.updateTable("audit").set({ sequence: 2 }).where("sequence", "=", 4).execute());
        expect((await verifyChain(db.reads)).broken).toEqual({ sequence: 2, reason: "added" });
      });

      test("is followed while rows are added and removed for their age", async () => {
        await recordMany(3000);
        const changes: Promise<unknown>[] = [];
        const report = await verifyChain(db.reads, ({ rows }) => {
          if (changes.length < 6) changes.push(record(act(9000)), prune(rows * 800, { limit: 3000 }));
        });
        await Promise.all(changes);
        expect(report.broken).toBeUndefined();
        expect(report.lastSequence).toBeGreaterThanOrEqual(3000);
      });
    });

    describe("removal of old acts", () => {
      test("keeps those of the time and later, and the chain", async () => {
        await recordMany(5);
        expect(await prune(3000)).toEqual({ removed: 2 });
        expect(await sequences()).toEqual([5, 4, 3]);
        expect(await verifyChain(db.reads)).toMatchObject({
          rows: 3,
          removedThrough: 2,
          firstSequence: 3,
          lastSequence: 5,
        });
        expect((await verifyChain(db.reads)).broken).toBeUndefined();
      });

      test("of all leaves a chain that goes on", async () => {
        await recordMany(3);
        expect(await prune(10_000)).toEqual({ removed: 3 });
        expect(await verifyChain(db.reads)).toMatchObject({ rows: 0, firstSequence: 0, lastSequence: 0 });
        await record(act(4), act(5));
        expect(await sequences()).toEqual([5, 4]);
        expect(await prune(4500)).toEqual({ removed: 1 });
        const report = await verifyChain(db.reads);
        expect([report.rows, report.broken]).toEqual([1, undefined]);
      });

      test("ends at the first that is young enough, at the limit and where it is told to", async () => {
        await record(act(1), act(2), act(9), act(4));
        expect(await prune(5000)).toEqual({ removed: 2 });
        expect(await prune(100_000, { throughSequence: 3 })).toEqual({ removed: 1 });
        await recordMany(3);
        expect(await prune(100_000, { limit: 2 })).toEqual({ removed: 2 });
        expect(await sequences()).toEqual([7, 6]);
      });

      test("leaves what is wrong, and says so", async () => {
        await recordMany(5);
        await write((queries) =>
          queries.updateTable("audit").set({ actor: "eve" }).where("sequence", "=", 3).execute(),
        );
        const broken = { sequence: 3, reason: "changed" } as const;
        expect(await prune(10_000)).toEqual({ removed: 2, broken });
        expect(await prune(10_000)).toEqual({ removed: 0, broken });
        expect((await verifyChain(db.reads)).broken).toEqual(broken);
      });
    });

    test("each exporter's position is its own, and 0 at first", async () => {
      await write((queries) => putExportPosition(queries, "file", 7));
      await write((queries) => putExportPosition(queries, "file", 9));
      expect([await findExportPosition(db.reads, "file"), await findExportPosition(db.reads, "otlp")]).toEqual([9, 0]);
    });
  });
}
