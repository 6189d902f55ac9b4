import { errorCode, messageOf } from "../../runtime/index.ts";
import { StorageError, type StorageErrorReason } from "../storage-error.ts";

interface Meaning {
  readonly reason: StorageErrorReason;
  readonly advice: string;
}

const meanings: Readonly<Record<string, Meaning>> = {
  ENOSPC: { reason: "full", advice: "no space is left on the file system" },
  EDQUOT: { reason: "full", advice: "the disk quota is used up" },
  EFBIG: { reason: "full", advice: "the file system or a limit of the process allows no file of this size" },
  EROFS: { reason: "readonly", advice: "the file system is mounted read-only" },
  EACCES: { reason: "readonly", advice: "Berth's user may not write there" },
  EPERM: { reason: "readonly", advice: "the operating system does not permit it" },
  ENOTDIR: { reason: "invalid-key", advice: "a part of the path is a file" },
  EEXIST: { reason: "invalid-key", advice: "a part of the path is a file" },
  EISDIR: { reason: "invalid-key", advice: "the path is a directory" },
  ENAMETOOLONG: { reason: "invalid-key", advice: "the path is too long for the file system" },
  EXDEV: { reason: "unavailable", advice: "everything below the root directory has to be on one file system" },
  EMFILE: { reason: "unavailable", advice: "the process has too many open files; raise its limit (ulimit -n)" },
  ENFILE: { reason: "unavailable", advice: "the machine has too many open files" },
  EIO: { reason: "unavailable", advice: "the disk reports an error" },
};

/** What went wrong while something was changed, in the words of the storage port. */
export function writeError(cause: unknown, path: string): StorageError {
  return translate(cause, `cannot write ${path}`);
}

/** As `writeError`, for what only looks: missing permission is no read-only disk then. */
export function readError(cause: unknown, path: string): StorageError {
  const code = errorCode(cause);
  if (code !== "EACCES" && code !== "EPERM") return translate(cause, `cannot read ${path}`);
  return new StorageError("unavailable", `cannot read ${path}: Berth's user may not (${code})`, { cause });
}

/** That there is nothing at a path, also because a file is in the way. */
export function isAbsence(error: unknown): boolean {
  const code = errorCode(error);
  return code === "ENOENT" || code === "ENOTDIR";
}

function translate(cause: unknown, what: string): StorageError {
  if (cause instanceof StorageError) return cause;
  const code = errorCode(cause);
  const { reason, advice } = (code === undefined ? undefined : meanings[code]) ?? unknownMeaning(cause);
  return new StorageError(reason, `${what}: ${advice}${code === undefined ? "" : ` (${code})`}`, { cause });
}

function unknownMeaning(cause: unknown): Meaning {
  return { reason: "unavailable", advice: messageOf(cause) };
}
