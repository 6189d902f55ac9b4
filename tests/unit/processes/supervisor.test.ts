import { afterEach, expect, test } from "bun:test";
import { join } from "node:path";
import { Supervisor, type SupervisorParts } from "../../../src/processes/index.ts";
import type { Log } from "../../../src/runtime/index.ts";
import { makeTemporaryFolder } from "../../support/temporary-folder.ts";
import { until } from "../../support/until.ts";

const door = join(import.meta.dir, "../../../src/processes/index.ts");

/** What a serving process of a test does, by its configuration. */
interface Behaviour {
  readonly fails?: string;
  /** At its first start. */
  readonly endsAtOnce?: boolean;
  readonly hangs?: boolean;
  readonly ignoresStop?: boolean;
}

const program = join(makeTemporaryFolder("supervisor"), "serving.ts");
await Bun.write(
  program,
  `import { receiveOrders } from ${JSON.stringify(door)};
  const superior = await receiveOrders();
  const { start, stopRequested, report, leave } = superior;
  const { config, place } = start;
  const isFirst = place.restarts === 0 && place.index === 0;
  if (config.fails !== undefined) {
    await report({ kind: "failed", message: config.fails, isConfiguration: true });
    leave();
  } else {
    await report({ kind: "ready", url: "http://127.0.0.1:" + (1000 + place.index) });
    console.log("serves " + place.index + " " + place.restarts);
    if (isFirst && config.endsAtOnce) process.exit(3);
    if (isFirst && config.hangs) for (;;) Bun.sleepSync(1000);
    const timer = setInterval(() => {}, 1000);
    if (!stopRequested.aborted) await new Promise((done) => stopRequested.addEventListener("abort", done));
    if (!config.ignoresStop) {
      clearInterval(timer);
      leave();
    }
  }`,
);

const supervisors: Supervisor<Behaviour>[] = [];
afterEach(async () => {
  for (const supervisor of supervisors.splice(0)) {
    supervisor.kill();
    await supervisor.stop();
  }
});

function supervise(config: Behaviour, more: Partial<SupervisorParts<Behaviour>> = {}) {
  const lines: string[] = [];
  const errors: string[] = [];
  const log = { error: (message: string) => void errors.push(message) } as unknown as Log;
  const output = {
    stdout: (text: string) => lines.push(...text.split("\n")),
    stderr: (text: string) => lines.push(text),
  };
  const argv = [process.execPath, program];
  const limits = { stopTimeoutMs: 20_000, stuckAfterMs: 20_000 };
  const parts = { argv, config, count: 2, folder: "/nowhere", output, log, ...limits, ...more };
  const supervisor = new Supervisor<Behaviour>(parts);
  supervisors.push(supervisor);
  return { supervisor, lines, errors };
}

test("all are started and stopped, and what they write comes by the line", async () => {
  const { supervisor, lines, errors } = supervise({});
  expect(await supervisor.start()).toEqual(new URL("http://127.0.0.1:1000"));
  await until("both have told", () => lines.length === 2);
  await supervisor.stop();
  expect([lines.sort(), errors]).toEqual([["serves 0 0", "serves 1 0"], []]);
});

test("one that ends by itself is started again", async () => {
  const { supervisor, lines, errors } = supervise({ endsAtOnce: true });
  await supervisor.start();
  await until("it serves again", () => lines.includes("serves 0 1"));
  expect(errors).toEqual(["a serving process ended by itself and is started again"]);
});

test("one that does not answer any more is killed and started again", async () => {
  const { supervisor, lines, errors } = supervise({ hangs: true }, { stuckAfterMs: 600 });
  await supervisor.start();
  await until("it serves again", () => lines.includes("serves 0 1"));
  // Who answers is left alone, and who is gone is not asked any more.
  await Bun.sleep(1500);
  expect(errors).toEqual([
    "a serving process does not answer and is killed",
    "a serving process ended by itself and is started again",
  ]);
  expect(lines.filter((line) => line.startsWith("serves")).sort()).toEqual(["serves 0 0", "serves 0 1", "serves 1 0"]);
});

test("one that does not end when it is told to is killed in the end", async () => {
  const { supervisor, lines } = supervise({ ignoresStop: true }, { stopTimeoutMs: 500 });
  await supervisor.start();
  await until("both have told", () => lines.length === 2);
  const ended = supervisor.stop().then(() => "ended");
  expect(await Promise.race([ended, Bun.sleep(200)])).toBeUndefined();
  expect(await ended).toBe("ended");
});

test("one that cannot start says why, and the others are not started", async () => {
  const { supervisor, lines } = supervise({ fails: "the certificate is missing" });
  expect(await supervisor.start()).toMatchObject({ message: "the certificate is missing", isConfiguration: true });
  await supervisor.stop();
  expect(lines).toEqual([]);
});

test("what is no serving process is told as one that ended while it started", async () => {
  const { supervisor } = supervise({}, { argv: ["false"] });
  expect(await supervisor.start()).toMatchObject({ message: expect.stringContaining("ended while it started") });
});
