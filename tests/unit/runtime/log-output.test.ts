import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { openSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLineOutput } from "../../../src/runtime/log-output.ts";
import { until } from "../../support/until.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "berth-log-"));
});
afterAll(() => rm(folder, { recursive: true }));

const source = Bun.fileURLToPath(new URL("../../../src/runtime/log-output.ts", import.meta.url));

function program(body: string): string[] {
  return [process.execPath, "-e", `import { createLineOutput } from ${JSON.stringify(source)};\n${body}`];
}

function numbered(count: number): string {
  return Array.from({ length: count }, (_, i) => `line ${i}\n`).join("");
}

describe("a line output", () => {
  test("has written every line, in order, when flush resolves", async () => {
    const file = join(folder, "flushed");
    const output = createLineOutput({ fileDescriptor: openSync(file, "a") });
    for (let i = 0; i < 20_000; i++) output.write(`line ${i}`);
    await output.flush();
    expect(await Bun.file(file).text()).toBe(numbered(20_000));
    expect(output.takeDropped()).toBe(0);
  });

  test("writes by itself without being asked", async () => {
    const file = join(folder, "alone");
    const output = createLineOutput({ fileDescriptor: openSync(file, "a") });
    output.write("line 0");
    await until("it is there", async () => (await Bun.file(file).text()) === "line 0\n");
  });

  test("loses nothing at a sudden exit that flushes", async () => {
    const child = Bun.spawn(
      program(`const o = createLineOutput({ fileDescriptor: 1 });
        process.on("exit", () => o.flushSync());
        for (let i = 0; i < 5000; i++) o.write("line " + i);
        process.exit(3);`),
      { stdout: "pipe" },
    );
    expect(await new Response(child.stdout).text()).toBe(numbered(5000));
    expect(await child.exited).toBe(3);
  });

  test("gives all to a slow reader and does not block meanwhile", async () => {
    const child = Bun.spawn(
      program(`const o = createLineOutput({ fileDescriptor: 1 });
        for (let i = 0; i < 50000; i++) o.write("line " + i);
        await Bun.sleep(1);
        process.stderr.write("alive");
        await o.flush(60000);`),
      { stdout: "pipe", stderr: "pipe" },
    );
    const alive = await child.stderr.getReader().read();
    expect(new TextDecoder().decode(alive.value)).toBe("alive");
    expect(await new Response(child.stdout).text()).toBe(numbered(50_000));
  });

  test("drops and counts lines beyond its bound when nobody reads, and flush gives up", async () => {
    const child = Bun.spawn(
      program(`const o = createLineOutput({ fileDescriptor: 1, maxBufferedBytes: 300000 });
        for (let i = 0; i < 100000; i++) o.write("line " + i);
        await o.flush(10);
        process.stderr.write(String(o.takeDropped()) + " " + o.takeDropped());
        process.reallyExit(0);`),
      { stdout: "pipe", stderr: "pipe" },
    );
    const [dropped, again] = (await new Response(child.stderr).text()).split(" ").map(Number);
    expect(dropped).toBeGreaterThan(10_000);
    expect(dropped).toBeLessThan(100_000);
    expect(again).toBe(0);
    child.kill();
  });

  test("outlives a reader that has gone", async () => {
    const child = Bun.spawn(
      program(`const o = createLineOutput({ fileDescriptor: 1 });
        await Bun.stdin.text();
        o.write("nobody"); await o.flush(); o.write("still nobody"); await o.flush();
        process.stderr.write("survived");`),
      { stdin: "pipe", stdout: "pipe", stderr: "pipe" },
    );
    await child.stdout.cancel();
    await child.stdin.end();
    expect(await new Response(child.stderr).text()).toBe("survived");
    expect(await child.exited).toBe(0);
  });

  test.each([
    ["of a full disk", "full", 'exec "$@" >/dev/full'],
    // The process itself keeps the reading end open.
    ["of a pipe that is not read", "unread", 'mkfifo "$0"; exec 9<>"$0"; exec "$@" >"$0"'],
    ["of a pipe whose reader has gone", "gone", 'mkfifo "$0"; (exec 9<"$0") & exec "$@" >"$0"'],
  ])("does not keep a process from a sudden exit because %s", async (_, name, script) => {
    const body = `const o = createLineOutput({ fileDescriptor: 1 });
      process.on("exit", () => o.flushSync());
      for (let i = 0; i < 50000; i++) o.write("line " + i);
      await Bun.sleep(10);
      o.write("the last");
      process.exit(3);`;
    const child = Bun.spawn(["/bin/sh", "-c", script, join(folder, name), ...program(body)]);
    expect(await child.exited).toBe(3);
  });

  test("goes on with what it kept once there is room again", async () => {
    const pipe = join(folder, "pipe-later");
    const script = 'mkfifo "$0"; exec 9<>"$0"; "$@" >"$0" 9<&- & sleep 0.3; exec cat <"$0" 9<&-';
    const body = `const o = createLineOutput({ fileDescriptor: 1 });
      for (let i = 0; i < 50000; i++) o.write("line " + i);
      await o.flush(1);
      await o.flush(60000);`;
    const child = Bun.spawn(["/bin/sh", "-c", script, pipe, ...program(body)], { stdout: "pipe" });
    expect(await new Response(child.stdout).text()).toBe(numbered(50_000));
  });
});
