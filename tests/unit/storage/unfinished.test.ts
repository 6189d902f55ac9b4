import { expect, test } from "bun:test";

import { StorageError } from "../../../src/storage/index.ts";
import { unfinishedKeyOf } from "../../../src/storage/unfinished.ts";

function reasonOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof StorageError) return error.reason;
    throw error;
  }
  throw new Error("nothing was thrown");
}

test.each(["", ".", "..", "a/b", "../a", "a\0b"])("%j is no id of an upload", (id) =>
  expect(reasonOf(() => unfinishedKeyOf(id))).toBe("invalid-key"),
);
