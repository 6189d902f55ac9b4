import { expect, test } from "bun:test";
import { RememberedRows } from "../../../src/metadata/sqlite/remembered-rows.ts";

/** Finds a new row at each call, and counts the calls. */
function counting(row: (call: number) => unknown = (call) => ({ call })) {
  const asked: string[] = [];
  const find = (first: string, second: string) => row(asked.push(`${first} ${second}`));
  return { asked, find };
}

test("a row is looked for once as long as nothing changes, one that is not there as well", async () => {
  let version = 1;
  const rows = new RememberedRows({ version: () => version, maxBytes: 100_000 });
  const [there, missing] = [counting(), counting(() => undefined)];
  const [findThere, findMissing] = [rows.remembering(there.find), rows.remembering(missing.find)];
  const find = () => [findThere("a", "b"), findMissing("a", "b")];
  for (let i = 0; i < 3; i++) expect(find()).toEqual([{ call: 1 }, undefined]);
  expect([there.asked, missing.asked]).toEqual([["a b"], ["a b"]]);
  rows.forget();
  expect(find()).toEqual([{ call: 2 }, undefined]);
  expect(missing.asked).toHaveLength(2);
  version = 2;
  while (there.asked.length === 2) {
    await Bun.sleep(1);
    find();
  }
  expect(find()).toEqual([{ call: 3 }, undefined]);
});

test("whether others changed anything is not asked at every row", () => {
  let asked = 0;
  const rows = new RememberedRows({ version: () => asked++, maxBytes: 100_000 });
  const found = rows.remembering(() => 1);
  for (let i = 0; i < 100; i++) found("a", String(i));
  expect(asked).toBe(1);
});

test("rows of other parameters and of other statements are others", () => {
  const rows = new RememberedRows({ version: () => 1, maxBytes: 100_000 });
  const { asked, find } = counting();
  const [one, two] = [rows.remembering(find), rows.remembering(find)];
  const found = [one("a", "b"), one("b", "a"), one("", "a b"), one("a b", ""), two("a", "b")];
  expect(found).toEqual([1, 2, 3, 4, 5].map((call) => ({ call })));
  expect(asked).toHaveLength(5);
});

test("what fails is not remembered", () => {
  const rows = new RememberedRows({ version: () => 1, maxBytes: 100_000 });
  const { find } = counting((call) => {
    if (call === 1) throw new Error("busy");
    return { call };
  });
  const found = rows.remembering(find);
  expect(() => found("a", "b")).toThrow("busy");
  expect(found("a", "b")).toEqual({ call: 2 });
});

test("no more is remembered than fits", () => {
  const rows = new RememberedRows({ version: () => 1, maxBytes: 100_000 });
  const { asked, find } = counting(() => ({ body: new Uint8Array(10_000) }));
  const found = rows.remembering(find);
  for (const _ of [1, 2]) for (let i = 0; i < 20; i++) found("image", String(i));
  expect(asked).toHaveLength(40);
});

test("nothing is remembered any more after a change, however long ago it was looked for", () => {
  const rows = new RememberedRows({ version: () => 1, maxBytes: 100_000 });
  const { asked, find } = counting(() => ({ body: new Uint8Array(10_000) }));
  const found = rows.remembering(find);
  const look = () => ["a", "b", "c", "d", "e", "f"].map((name) => found("image", name));
  look();
  rows.forget();
  look();
  expect(asked).toHaveLength(12);
});

test("what another process of the registry has changed is not remembered for a moment", () => {
  let changes = 0;
  const shared = { count: () => changes, add: () => void changes++ };
  const rows = new RememberedRows({ version: () => 1, changes: shared, maxBytes: 100_000 });
  const { find } = counting();
  const found = rows.remembering(find);
  expect([found("a", "b"), found("a", "b")]).toEqual([{ call: 1 }, { call: 1 }]);
  changes++;
  expect([found("a", "b"), found("a", "b")]).toEqual([{ call: 2 }, { call: 2 }]);
  rows.forget();
  expect(changes).toBe(2);
  expect(found("a", "b")).toEqual({ call: 3 });
});
