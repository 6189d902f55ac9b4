import { expect, test } from "bun:test";
import { RememberedRows } from "../../../src/metadata/sqlite/remembered-rows.ts";

/** Finds a new row at each call, and counts the calls. */
function counting(row: (call: number) => unknown = (call) => ({ call })) {
  const asked: string[] = [];
  const find = (first: string, second: string) => row(asked.push(`${first} ${second}`));
  return { asked, find };
}

test("a row is looked for once as long as nothing changes, one that is not there as well", () => {
  let isChanged = false;
  const rows = new RememberedRows({ hasChanged: () => isChanged, maxBytes: 100_000 });
  const [there, missing] = [counting(), counting(() => undefined)];
  const [findThere, findMissing] = [rows.remembering(there.find), rows.remembering(missing.find)];
  for (let i = 0; i < 3; i++) expect([findThere("a", "b"), findMissing("a", "b")]).toEqual([{ call: 1 }, undefined]);
  expect([there.asked, missing.asked]).toEqual([["a b"], ["a b"]]);
  isChanged = true;
  expect([findThere("a", "b"), findMissing("a", "b")]).toEqual([{ call: 2 }, undefined]);
  expect(missing.asked).toHaveLength(2);
});

test("rows of other parameters and of other statements are others", () => {
  const rows = new RememberedRows({ hasChanged: () => false, maxBytes: 100_000 });
  const { asked, find } = counting();
  const [one, two] = [rows.remembering(find), rows.remembering(find)];
  const found = [one("a", "b"), one("b", "a"), one("", "a b"), one("a b", ""), two("a", "b")];
  expect(found).toEqual([1, 2, 3, 4, 5].map((call) => ({ call })));
  expect(asked).toHaveLength(5);
});

test("what fails is not remembered", () => {
  const rows = new RememberedRows({ hasChanged: () => false, maxBytes: 100_000 });
  const { find } = counting((call) => {
    if (call === 1) throw new Error("busy");
    return { call };
  });
  const found = rows.remembering(find);
  expect(() => found("a", "b")).toThrow("busy");
  expect(found("a", "b")).toEqual({ call: 2 });
});

test("no more is remembered than fits", () => {
  const rows = new RememberedRows({ hasChanged: () => false, maxBytes: 100_000 });
  const { asked, find } = counting(() => ({ body: new Uint8Array(10_000) }));
  const found = rows.remembering(find);
  for (const _ of [1, 2]) for (let i = 0; i < 20; i++) found("image", String(i));
  expect(asked).toHaveLength(40);
});
