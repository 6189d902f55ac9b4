import { describe, expect, test } from "bun:test";

import { CoalescedSync } from "../../../src/runtime/index.ts";
import { failureOf } from "../../support/failure-of.ts";

/** A sync that ends when the test lets it. */
class SlowSync {
  started = 0;
  #running: PromiseWithResolvers<void>[] = [];
  readonly run = async (): Promise<void> => {
    this.started++;
    const turn = Promise.withResolvers<void>();
    this.#running.push(turn);
    await turn.promise;
  };

  end(failure?: Error): void {
    const turn = this.#running.shift();
    if (!turn) throw new Error("no sync is running");
    if (failure) turn.reject(failure);
    else turn.resolve();
  }
}

describe("CoalescedSync", () => {
  test("a lone caller gets a sync of its own at once", async () => {
    const slow = new SlowSync();
    const only = new CoalescedSync(slow.run).sync();
    expect(slow.started).toBe(1);
    slow.end();
    expect(await only).toBeUndefined();
  });

  test("who comes while one runs is not served by it, but all of them by the next", async () => {
    const slow = new SlowSync();
    const coalesced = new CoalescedSync(slow.run);
    const first = coalesced.sync();
    let isServed = false;
    const others = Array.from({ length: 100 }, () => coalesced.sync().then(() => (isServed = true)));
    slow.end();
    await first;
    expect(isServed).toBeFalse();
    expect(slow.started).toBe(2);
    slow.end();
    await Promise.all(others);
    expect(slow.started).toBe(2);
  });

  test("who comes right at the end of one never makes two run at once", async () => {
    let running = 0;
    let mostAtOnce = 0;
    const coalesced = new CoalescedSync(async () => {
      mostAtOnce = Math.max(mostAtOnce, ++running);
      await Promise.resolve();
      running--;
    });
    const comeAgain = async (pause: number): Promise<void> => {
      for (let turn = 0; turn < 20; turn++) {
        await coalesced.sync();
        for (let wait = 0; wait < pause; wait++) await Promise.resolve();
      }
    };
    await Promise.all([0, 1, 2, 3, 4, 5].map(comeAgain));
    expect(mostAtOnce).toBe(1);
  });

  test("a failure reaches all who shared that sync, and nobody else", async () => {
    const slow = new SlowSync();
    const coalesced = new CoalescedSync(slow.run);
    const outcomes = [coalesced.sync(), coalesced.sync(), coalesced.sync()].map((each) =>
      each.then(
        () => "durable",
        (error: unknown) => (error instanceof Error ? error.message : "?"),
      ),
    );
    slow.end(new Error("the disk is broken"));
    expect(await outcomes[0]).toBe("the disk is broken");
    slow.end();
    expect(await Promise.all(outcomes)).toEqual(["the disk is broken", "durable", "durable"]);
    const later = coalesced.sync();
    slow.end();
    expect(await later).toBeUndefined();
  });

  test("a run that throws at once is a failure like another", async () => {
    const coalesced = new CoalescedSync(() => {
      throw new Error("closed");
    });
    expect(await failureOf(coalesced.sync())).toContain("closed");
    expect(await failureOf(coalesced.sync())).toContain("closed");
  });
});
