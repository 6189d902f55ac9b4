import { describe, expect, test } from "bun:test";

import { KeyedLock } from "../../../src/runtime/index.ts";

describe("KeyedLock", () => {
  test("tasks of one key run one after another, in the order they came", async () => {
    const lock = new KeyedLock();
    const events: string[] = [];
    const task = (name: string) => async () => {
      events.push(`${name} begins`);
      await Bun.sleep(1);
      events.push(`${name} ends`);
    };
    await Promise.all(["a", "b", "c"].map((name) => lock.run("key", task(name))));
    expect(events).toEqual(["a begins", "a ends", "b begins", "b ends", "c begins", "c ends"]);
  });

  test("tasks of different keys do not wait for each other", async () => {
    const lock = new KeyedLock();
    const gate = Promise.withResolvers<void>();
    const held = lock.run("one", () => gate.promise);
    expect(await lock.run("two", async () => "two")).toBe("two");
    gate.resolve();
    await held;
  });

  test("the result and the failure of a task are its caller's, and a failure lets the next begin", async () => {
    const lock = new KeyedLock();
    const failing = lock.run("key", async () => {
      throw new Error("only mine");
    });
    const next = lock.run("key", async () => 42);
    expect(failing).rejects.toThrow("only mine");
    expect(await next).toBe(42);
  });

  test("who comes when one ends and another waits comes last", async () => {
    const lock = new KeyedLock();
    const order: string[] = [];
    const late: Promise<void>[] = [];
    const first = lock.run("key", async () => void order.push("first"));
    const second = lock.run("key", async () => void order.push("second"));
    await first;
    late.push(lock.run("key", async () => void order.push("late")));
    await Promise.all([second, ...late]);
    expect(order).toEqual(["first", "second", "late"]);
  });

  test("no key stays when its last task has ended", async () => {
    const lock = new KeyedLock();
    const tasks = Array.from({ length: 100 }, (_, index) =>
      lock.run(`key ${index % 10}`, async () => {
        if (index % 3 === 0) throw new Error("some fail");
      }),
    );
    expect(lock.lockedKeys).toBe(10);
    await Promise.allSettled(tasks);
    expect(lock.lockedKeys).toBe(0);
  });
});
