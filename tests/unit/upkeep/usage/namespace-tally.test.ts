import { expect, test } from "bun:test";
import { NamespaceTally } from "../../../../src/upkeep/index.ts";

const row = (repository: string, sentBytes: number) => ({
  day: "2026-11-21",
  principal: "",
  repository,
  pulls: 1,
  pushes: 0,
  receivedBytes: 0,
  sentBytes,
  cutBytes: 0,
});

test("namespaces at the top are told apart, so many and no more", () => {
  const tally = new NamespaceTally(2);
  tally.add([row("team/app", 1), row("other", 2), row("third/app", 4)]);
  tally.add([row("fourth", 8), row("other/app", 16), row("team", 32)]);
  expect(tally.list("sentBytes")).toEqual([
    { namespace: "team", value: 33 },
    { namespace: "other", value: 18 },
    { namespace: "_other", value: 12 },
  ]);
  expect(tally.list("pulls").map(({ value }) => value)).toEqual([2, 2, 2]);
});
