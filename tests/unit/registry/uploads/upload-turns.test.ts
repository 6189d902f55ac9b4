import { expect, test } from "bun:test";
import { UploadTurns } from "../../../../src/registry/uploads/upload-turns.ts";

/** Work that ends only when it is interrupted, and says why it was. */
const untilInterrupted = (signal: AbortSignal) =>
  new Promise<string>((resolve) => {
    const end = () => resolve((signal.reason as Error).message);
    if (signal.aborted) end();
    else signal.addEventListener("abort", end);
  });

test("a newcomer interrupts the one before it, and works when that one has ended", async () => {
  const turns = new UploadTurns();
  const ends: string[] = [];
  const first = turns.run("a", untilInterrupted).then((reason) => ends.push(reason));
  await turns.run("a", async () => ends.push("second"));
  await first;
  expect(ends.toSorted()).toEqual(["another request took the upload over", "second"]);
  expect(turns.active).toBe(0);
});

test("all can be interrupted, those that come later as well", async () => {
  const turns = new UploadTurns();
  const running = ["a", "b"].map((id) => turns.run(id, untilInterrupted));
  turns.interruptAll();
  running.push(turns.run("a", untilInterrupted), turns.run("c", untilInterrupted));
  expect(await Promise.all(running)).toEqual(Array.from({ length: 4 }, () => "the registry stops"));
});
