import { expect, test } from "bun:test";
import { Closers } from "../../../src/runtime/index.ts";

test("closes in the opposite order, once", async () => {
  const closed: string[] = [];
  const closers = new Closers();
  for (const name of ["first", "second", "third"]) closers.add(async () => void closed.push(name));
  await closers.closeAll();
  await closers.closeAll();
  expect(closed).toEqual(["third", "second", "first"]);
});

test("what cannot be closed keeps nothing else open, and is told", async () => {
  const closed: string[] = [];
  const closers = new Closers();
  closers.add(() => closed.push("first"));
  closers.add(() => Promise.reject(new Error("stuck")));
  closers.add(() => closed.push("third"));
  const stop = closers.closeAll((failure) => closed.push(String(failure)));
  expect(await stop.catch((error: unknown) => error)).toEqual(new Error("stuck"));
  expect(closed).toEqual(["third", "Error: stuck", "first"]);
});
