import { expect, test } from "bun:test";
import { randomUUID } from "node:crypto";
import { drawOwnId, ownerOf } from "../../../src/processes/index.ts";

test("an upload has the same owner for everybody, and each process draws ids of its own", () => {
  for (const count of [1, 2, 3, 8]) {
    for (let index = 0; index < count; index++) {
      const id = drawOwnId(randomUUID, { index, count });
      expect(ownerOf(id, count)).toBe(index);
    }
  }
});

test("ids of strangers are dealt out evenly, whatever they are", () => {
  const owners = Array.from({ length: 4000 }, () => ownerOf(randomUUID(), 4));
  for (const owner of [0, 1, 2, 3]) expect(owners.filter((each) => each === owner).length).toBeGreaterThan(800);
  for (const id of ["", "write-1", "ä", "x".repeat(10_000)]) expect([0, 1, 2]).toContain(ownerOf(id, 3));
});
