import { describe, expect, test } from "bun:test";
import { SignInTurns } from "../../../../src/auth/ldap/sign-in-turns.ts";

const unavailable = { kind: "unavailable" };
const failure = (promise: Promise<unknown>) => promise.catch((error: unknown) => error);

/** A sign-in that goes on until it is told. */
function held() {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { run: () => promise, end: resolve };
}

describe("turns", () => {
  test("are taken by so many at once, the others follow in order", async () => {
    const turns = new SignInTurns(2, 10, 60_000);
    const [first, second] = [held(), held()];
    const order: number[] = [];
    const running = [turns.run(first.run), turns.run(second.run)];
    const waiting = [3, 4, 5].map((number) => turns.run(async () => void order.push(number)));
    await Bun.sleep(0);
    expect(order).toEqual([]);
    first.end();
    await Promise.all(waiting);
    expect(order).toEqual([3, 4, 5]);
    second.end();
    await Promise.all(running);
  });

  test("go on after one that failed", async () => {
    const turns = new SignInTurns(1, 10, 60_000);
    const failed = failure(turns.run(() => Promise.reject(new Error("no"))));
    expect(await turns.run(() => Promise.resolve("yes"))).toBe("yes");
    expect(await failed).toBeInstanceOf(Error);
  });

  test("are not waited for by too many, or for too long", async () => {
    const turns = new SignInTurns(1, 1, 10);
    const first = held();
    const running = turns.run(first.run);
    const waiting = failure(turns.run(() => Promise.resolve()));
    expect(await failure(turns.run(() => Promise.resolve()))).toMatchObject(unavailable);
    expect(await waiting).toMatchObject(unavailable);
    first.end();
    await running;
    expect(await turns.run(() => Promise.resolve("again"))).toBe("again");
  });

  test("end when those who wait are sent away and the others are done", async () => {
    const turns = new SignInTurns(1, 10, 60_000);
    const first = held();
    const running = turns.run(first.run);
    const waiting = failure(turns.run(() => Promise.resolve()));
    const drained = turns.drain();
    expect(await waiting).toMatchObject(unavailable);
    first.end();
    await drained;
    await running;
  });
});
