import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { errorCode, messageOf } from "../../runtime/index.ts";
import { ArchiveError, parseSigningKey, parseTrustedKey, type TrustedKey } from "../../upkeep/index.ts";
import { TaskError } from "./task-error.ts";

/** Where a private key is. */
export interface KeyFile {
  readonly path: string;
  /** Of one that is encrypted. */
  readonly passphrase: string | undefined;
}

/** @throws TaskError */
export function readSigningKey({ path, passphrase }: KeyFile): Promise<ReturnType<typeof parseSigningKey>> {
  return readKey(path, (pem) => parseSigningKey(pem, passphrase));
}

/** Public keys. @throws TaskError */
export function readTrustedKeys(paths: readonly string[]): Promise<readonly TrustedKey[]> {
  return Promise.all(paths.map(async (path) => ({ name: path, key: await readKey(path, parseTrustedKey) })));
}

async function readKey<Key>(path: string, parse: (pem: string) => Key): Promise<Key> {
  try {
    return parse(await readFile(resolve(path), "utf8"));
  } catch (error) {
    if (error instanceof ArchiveError) throw new TaskError("bad-data", `${path}: ${error.message}.`);
    if (errorCode(error) === "ENOENT") throw new TaskError("nothing-there", `There is no ${path}.`, { cause: error });
    throw new TaskError("failed", `${path} cannot be read: ${messageOf(error)}.`, { cause: error });
  }
}
