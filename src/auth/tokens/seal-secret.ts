import { link, open, readFile, stat, unlink } from "node:fs/promises";
import { dirname } from "node:path";
import { errorCode, FileError, type RandomBytes } from "../../runtime/index.ts";

export interface SealSecretParts {
  readonly random: RandomBytes;
  readonly report: (problem: string) => void;
}

const SECRET_BYTES = 32;
const SECRET = /^[A-Za-z0-9_-]{43}$/;

/**
 * The secret in the file, which is made at the first use, for its owner alone. Several processes may do so at once: all get
 * the same.
 * @throws FileError
 */
export async function openSealSecret(path: string, { random, report }: SealSecretParts): Promise<Uint8Array> {
  try {
    const text = (await readIfThere(path)) ?? (await make(path, random));
    if (!SECRET.test(text)) throw new Error("it does not hold what the registry wrote; put the right one back");
    if (((await stat(path)).mode & 0o077) !== 0) report(`${path} can be read by others than its owner: chmod 600 it`);
    return Buffer.from(text, "base64url");
  } catch (cause) {
    throw new FileError(`the key file ${path}`, cause);
  }
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return (await readFile(path, "utf8")).trim();
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

/** Complete under another name first: whoever finds the file finds all of it, and only one can give it its name. */
async function make(path: string, random: RandomBytes): Promise<string> {
  const draft = `${path}.${Buffer.from(random(8)).toString("hex")}`;
  const text = Buffer.from(random(SECRET_BYTES)).toString("base64url");
  await write(draft, `${text}\n`);
  try {
    await link(draft, path);
    await syncFolder(dirname(path));
    return text;
  } catch (error) {
    const other = errorCode(error) === "EEXIST" ? await readIfThere(path) : undefined;
    if (other === undefined) throw error;
    return other;
  } finally {
    await unlink(draft);
  }
}

async function write(path: string, text: string): Promise<void> {
  const file = await open(path, "wx", 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } catch (error) {
    // Some network file systems have no such call, as their servers do this by themselves.
    if (!["EINVAL", "ENOTSUP"].includes(errorCode(error) ?? "")) throw error;
  } finally {
    await folder.close();
  }
}
