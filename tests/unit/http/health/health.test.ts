import { describe, expect, test } from "bun:test";
import type { HealthCheck } from "../../../../src/http/health/health-checks.ts";
import { createHealth, type HealthDependencies } from "../../../../src/http/health/health.ts";
import { logTo } from "./log-to.ts";

function open(dependencies: Partial<HealthDependencies> = {}) {
  const lines: string[] = [];
  const clock = { now: 1000, nowMs: () => clock.now };
  const health = createHealth({ checks: [], probes: [], clock, log: logTo(lines), ...dependencies });
  return { health, clock, lines };
}

/** A check that does what is next in `results`: passes, or fails with the message. */
function scripted(name: string, threshold: number, results: (string | undefined)[]): HealthCheck {
  const run = async () => {
    const message = results.shift();
    if (message !== undefined) throw new Error(message);
  };
  return { name, intervalMs: 5, threshold, run };
}

describe("a check", () => {
  test("closes the registry at once without a threshold, and opens it again", async () => {
    const { health, lines } = open({ checks: [scripted("a", 1, ["broken", "still broken", undefined])] });
    expect([health.findFault(), health.status()]).toEqual([undefined, {}]);
    await health.checkNow();
    expect(health.findFault()).toBe("health check failed: please see /debug/health");
    expect(health.status()).toEqual({ a: "broken" });
    await health.checkNow();
    expect(health.status()).toEqual({ a: "still broken" });
    await health.checkNow();
    expect([health.findFault(), health.status()]).toEqual([undefined, {}]);
    expect(lines).toHaveLength(2);
    expect(lines[0]).toStartWith('level=error msg="health check failed" check=a error="Error: broken');
    expect(lines[1]).toBe('level=info msg="health check passes again" check=a');
  });

  test("must fail as often in a row as its threshold says", async () => {
    const { health } = open({ checks: [scripted("a", 3, ["1", "2", undefined, "3", "4", "5", undefined])] });
    const faults: boolean[] = [];
    for (let i = 0; i < 7; i++) {
      await health.checkNow();
      faults.push(health.findFault() !== undefined);
    }
    expect(faults).toEqual([false, false, false, false, false, true, false]);
  });

  test("goes on by itself once started, and ends", async () => {
    const { promise: seenTwice, resolve } = Promise.withResolvers<void>();
    let runs = 0;
    const run = async () => {
      runs += 1;
      if (runs === 2) resolve();
    };
    const { health } = open({ checks: [{ name: "a", intervalMs: 1, threshold: 1, run }] });
    health.start();
    expect(runs).toBe(0);
    await seenTwice;
    health.stop();
    await health.checkNow();
    const runsAtEnd = runs;
    await Bun.sleep(10);
    expect(runs).toBe(runsAtEnd);
  });

  test("that hangs is not started beside itself", async () => {
    let runs = 0;
    const { promise: answer, resolve } = Promise.withResolvers<void>();
    const run = () => {
      runs += 1;
      return answer;
    };
    const { health } = open({ checks: [{ name: "a", intervalMs: 1, threshold: 1, run }] });
    const both = Promise.all([health.checkNow(), health.checkNow()]);
    resolve();
    await both;
    expect(runs).toBe(1);
  });
});

test("failing checks are listed by name", async () => {
  const { health } = open({ checks: [scripted("b", 1, ["1"]), scripted("c", 1, []), scripted("a", 1, ["2"])] });
  await health.checkNow();
  expect(Object.entries(health.status())).toEqual([
    ["a", "2"],
    ["b", "1"],
  ]);
});

describe("readiness", () => {
  test("names every probe that fails, and closes nothing", async () => {
    const { health } = open({
      probes: [
        { name: "storage", run: () => Promise.reject(new Error("disk full")) },
        { name: "database", run: () => Promise.resolve(undefined) },
        { name: "other", run: () => Promise.reject(new Error("gone")) },
      ],
    });
    expect(await health.readiness()).toEqual({ isReady: false, faults: { storage: "disk full", other: "gone" } });
    expect(await health.findings()).toEqual({ storage: 0, database: 1, other: 0 });
    expect(health.findFault()).toBeUndefined();
  });

  test("goes on while all that fails is what pulls do not need", async () => {
    const { health } = open({ probes: [{ name: "storage", run: () => Promise.resolve("disk full") }] });
    expect(await health.readiness()).toEqual({ isReady: true, faults: { storage: "disk full" } });
    expect(await health.findings()).toEqual({ storage: 0 });
  });

  test("is told in the log when a fault comes and when it goes", async () => {
    const faults = ["disk full", "disk full still", undefined, undefined];
    const { health, lines } = open({
      probes: [{ name: "storage", run: () => Promise.resolve(faults.shift()) }],
      cacheMs: 0,
    });
    for (let i = 0; i < 4; i++) await health.readiness();
    expect(lines).toEqual([
      'level=error msg="something is wrong" check=storage fault="disk full"',
      'level=info msg="it is right again" check=storage',
    ]);
  });

  test("asks once for all who ask at the same time or within the second", async () => {
    let asked = 0;
    const run = async () => {
      asked += 1;
      return undefined;
    };
    const { health, clock } = open({ probes: [{ name: "storage", run }] });
    await Promise.all([health.readiness(), health.readiness(), health.readiness()]);
    clock.now += 999;
    await health.readiness();
    expect(asked).toBe(1);
    clock.now += 1;
    await health.readiness();
    expect(asked).toBe(2);
  });

  test("is not held up by a probe that hangs", async () => {
    const hanging = { name: "database", run: () => new Promise<undefined>(() => undefined) };
    const { health } = open({ probes: [hanging], probeTimeoutMs: 10 });
    expect(await health.readiness()).toEqual({ isReady: false, faults: { database: "no answer within 10 ms" } });
  });

  test("fails with a failing check, and when the registry is about to stop", async () => {
    const { health } = open({ checks: [scripted("a", 1, ["broken"])] });
    await health.checkNow();
    expect(await health.readiness()).toEqual({ isReady: false, faults: { a: "broken" } });
    health.drain();
    expect(await health.readiness()).toEqual({
      isReady: false,
      faults: { shutdown: "the registry is about to stop" },
    });
  });
});
