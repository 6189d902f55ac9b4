import { describe, expect, test } from "bun:test";

import { isAbsence, readError, writeError } from "../../../../src/storage/filesystem/filesystem-error.ts";
import { StorageError } from "../../../../src/storage/index.ts";

const failure = (code: string) => Object.assign(new Error(`${code}: as the system says it`), { code });

describe("writeError", () => {
  test.each([
    ["ENOSPC", "full"],
    ["EDQUOT", "full"],
    ["EFBIG", "full"],
    ["EROFS", "readonly"],
    ["EACCES", "readonly"],
    ["EPERM", "readonly"],
    ["EMFILE", "unavailable"],
    ["ENFILE", "unavailable"],
    ["EIO", "unavailable"],
    ["EXDEV", "unavailable"],
    ["ETIMEDOUT", "unavailable"],
    ["ENOENT", "unavailable"],
    ["ENOTDIR", "invalid-key"],
    ["EISDIR", "invalid-key"],
    ["ENAMETOOLONG", "invalid-key"],
  ] as const)("%s means %s", (code, reason) => {
    const cause = failure(code);
    const error = writeError(cause, "/data/x");
    expect(error.reason).toBe(reason);
    expect(error.cause).toBe(cause);
    expect(error.message).toMatch(/^cannot write \/data\/x: .+ \(E[A-Z]+\)$/);
  });

  test("what is a StorageError already stays as it is", () => {
    const error = new StorageError("corrupt", "not what was written");
    expect(writeError(error, "/data/x")).toBe(error);
  });

  test("what is no error of the system is told as it is", () => {
    expect(writeError(new Error("odd"), "/data/x").message).toBe("cannot write /data/x: odd");
    expect(writeError("odder", "/data/x").message).toBe("cannot write /data/x: odder");
  });
});

describe("readError", () => {
  test.each(["EACCES", "EPERM"])("%s is no read-only disk", (code) => {
    const error = readError(failure(code), "/data/x");
    expect(`${error.reason}: ${error.message}`).toBe(
      `unavailable: cannot read /data/x: Berth's user may not (${code})`,
    );
  });

  test("the rest means the same as for a write", () => {
    expect(readError(failure("EIO"), "/data/x").message).toBe("cannot read /data/x: the disk reports an error (EIO)");
  });
});

test("absence is that nothing is there, also because a file is in the way", () => {
  expect(["ENOENT", "ENOTDIR", "EIO", "EACCES"].map((code) => isAbsence(failure(code)))).toEqual([
    true,
    true,
    false,
    false,
  ]);
  expect(isAbsence("ENOENT")).toBeFalse();
});
