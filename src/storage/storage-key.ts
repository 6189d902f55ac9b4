import type { StorageKey } from "./driver.ts";
import { StorageError } from "./storage-error.ts";

/** What object stores allow, and less than what file systems do. */
const mostKeyBytes = 1024;
const mostPartBytes = 255;

/** @throws StorageError `invalid-key` when the text is no relative path, or is longer than every store takes. */
export function parseStorageKey(text: string): StorageKey {
  const fault = findFault(text);
  if (fault !== undefined) throw new StorageError("invalid-key", `storage key ${JSON.stringify(text)} ${fault}`);
  return text as StorageKey;
}

export function isStorageKey(text: string): text is StorageKey {
  return findFault(text) === undefined;
}

/**
 * Checks a prefix as `iterate` takes it: empty, or a key with a `/` at its end.
 * @throws StorageError `invalid-key`
 */
export function parseStoragePrefix(prefix: string): string {
  if (prefix === "") return prefix;
  if (!prefix.endsWith("/")) {
    throw new StorageError("invalid-key", `storage prefix ${JSON.stringify(prefix)} does not end with /`);
  }
  parseStorageKey(prefix.slice(0, -1));
  return prefix;
}

function findFault(text: string): string | undefined {
  if (text.includes("\0")) return "contains a NUL character";
  if (!text.isWellFormed()) return "is not valid Unicode";
  if (Buffer.byteLength(text) > mostKeyBytes) return `is longer than ${mostKeyBytes} bytes`;
  for (const part of text.split("/")) {
    if (part === "") return "is empty or has an empty part";
    if (part === "." || part === "..") return `has the part ${part}`;
    if (part.length > mostPartBytes / 4 && Buffer.byteLength(part) > mostPartBytes) {
      return `has a part longer than ${mostPartBytes} bytes`;
    }
  }
  return undefined;
}
