import { afterEach, describe, expect, test } from "bun:test";
import { type Schedule, startSchedule } from "../../../src/runtime/index.ts";

const DAY_MS = 86_400_000;
const unexpected = (error: unknown) => {
  throw error;
};

let schedule: Schedule | undefined;
afterEach(() => schedule?.stop());

describe("a schedule", () => {
  test("runs again and again", async () => {
    const { promise: thrice, resolve } = Promise.withResolvers<void>();
    let runs = 0;
    const run = async () => {
      if (++runs === 3) resolve();
    };
    schedule = startSchedule({ firstAfterMs: 0, intervalMs: 1, run, onError: unexpected });
    await thrice;
  });

  test("goes on after a run that failed, and says why it did", async () => {
    const { promise: twice, resolve } = Promise.withResolvers<void>();
    const failure = new Error("the disk is gone");
    const errors: unknown[] = [];
    let runs = 0;
    const run = async () => {
      if (++runs === 1) throw failure;
      resolve();
    };
    schedule = startSchedule({ firstAfterMs: 0, intervalMs: 1, run, onError: (error) => errors.push(error) });
    await twice;
    expect(errors).toEqual([failure]);
  });

  test("stops at once while it waits", async () => {
    let runs = 0;
    const run = async () => void runs++;
    const waiting = startSchedule({ firstAfterMs: DAY_MS, intervalMs: DAY_MS, run, onError: unexpected });
    await waiting.stop();
    expect(runs).toBe(0);
  });

  test("does not take a wait that no timer can be set for as none", async () => {
    let runs = 0;
    const run = async () => void runs++;
    const waiting = startSchedule({ firstAfterMs: 365 * DAY_MS, intervalMs: 1, run, onError: unexpected });
    await Bun.sleep(5);
    await waiting.stop();
    expect(runs).toBe(0);
  });

  test("asks a running run to end, waits for it and starts no other", async () => {
    const { promise: started, resolve: start } = Promise.withResolvers<void>();
    const happened: string[] = [];
    const run = async (signal: AbortSignal) => {
      happened.push("started");
      start();
      const { promise: asked, resolve } = Promise.withResolvers<void>();
      signal.addEventListener("abort", () => resolve());
      await asked;
      await Bun.sleep(1);
      happened.push("ended");
    };
    const running = startSchedule({ firstAfterMs: 0, intervalMs: 1, run, onError: unexpected });
    await started;
    await running.stop();
    happened.push("stopped");
    expect(happened).toEqual(["started", "ended", "stopped"]);
  });
});
