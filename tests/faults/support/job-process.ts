import { z } from "zod";
import { defineWork, enqueueJob, JobCounts, type JobKind, JobRunner, type JobTurn } from "../../../src/jobs/index.ts";
import { openSqlite } from "../../../src/metadata/index.ts";
import { createLog, systemClock } from "../../../src/runtime/index.ts";

/** Work that counts to a number, one at a time, and goes on where it was. */
export const COUNTING: JobKind<{ readonly to: number }> = {
  name: "count",
  about: "counts",
  input: z.strictObject({ to: z.int() }),
  maxAttempts: 3,
};

/** Says `from` where it goes on. */
export function countingWork(say: (line: string) => void) {
  return defineWork({
    kind: COUNTING,
    async run({ input: { to }, progress, signal, ...turn }: JobTurn<{ readonly to: number }>) {
      say(`from ${progress?.done ?? 0}`);
      for (let done = progress?.done ?? 0; done < to; done++) {
        await Bun.sleep(5);
        signal.throwIfAborted();
        turn.report({ done: done + 1, total: to, unit: "step" });
      }
      return { counted: to };
    },
  });
}

/** Serves the queue of a database, and puts one job into it, until it is killed. */
async function serve(path: string): Promise<void> {
  const metadata = await openSqlite(path);
  const output = {
    write: () => undefined,
    flush: () => Promise.resolve(),
    flushSync: () => undefined,
    takeDropped: () => 0,
  };
  const log = createLog({ level: "error", formatter: "text", clock: systemClock, output });
  const works = [countingWork((line) => process.stdout.write(`${line}\n`))];
  const parts = { metadata, clock: systemClock, log, random: Math.random, counts: new JobCounts() };
  const runner = new JobRunner({ ...parts, works, historyMs: 3_600_000 });
  await metadata.transaction((queries) =>
    enqueueJob(queries, COUNTING, { input: { to: 1_000_000 }, nowMs: systemClock.nowMs() }),
  );
  runner.start();
}

if (import.meta.main) await serve(process.argv[2] ?? "");
