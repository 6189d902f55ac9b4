import { describe, expect, test } from "bun:test";

import { StorageError, type UploadState } from "../../../src/storage/index.ts";
import { requireUploadById, unfinishedKeyOf } from "../../../src/storage/unfinished.ts";

function reasonOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof StorageError) return error.reason;
    throw error;
  }
  throw new Error("nothing was thrown");
}

describe("the state of an upload", () => {
  test("is an id and how many bytes there are", () => {
    const state = { uploadId: "a", offsetBytes: 0 };
    expect(requireUploadById(state)).toEqual(state);
  });

  test.each([
    { uploadId: "a", offsetBytes: -1 },
    { uploadId: "a", offsetBytes: 0.5 },
    { uploadId: "a", offsetBytes: 2 ** 53 },
    { uploadId: 7, offsetBytes: 0 },
    { offsetBytes: 0 },
  ] as readonly UploadState[])("is corrupt as %j", (state) =>
    expect(reasonOf(() => requireUploadById(state))).toBe("corrupt"),
  );
});

test.each(["", ".", "..", "a/b", "../a", "a\0b"])("%j is no id of an upload", (id) =>
  expect(reasonOf(() => unfinishedKeyOf(id))).toBe("invalid-key"),
);
