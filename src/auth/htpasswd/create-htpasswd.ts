import { chmod, mkdir, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { errorCode, FileError } from "../../runtime/index.ts";

/**
 * Makes the password file with one user, `docker`, if there is none, as registry:2 does.
 * @param password what the user will log in with
 * @returns whether the file was made
 * @throws FileError
 */
export async function createHtpasswdIfMissing(path: string, password: string): Promise<boolean> {
  if (await Bun.file(path).exists()) return false;
  try {
    return await create(path, password);
  } catch (cause) {
    throw new FileError(`the password file ${path}`, cause);
  }
}

async function create(path: string, password: string): Promise<boolean> {
  const hash = await Bun.password.hash(password, { algorithm: "bcrypt", cost: 10 });
  await mkdir(dirname(path), { recursive: true });
  try {
    await writeFile(path, `docker:${hash}\n`, { flag: "wx", mode: 0o600 });
  } catch (error) {
    if (errorCode(error) === "EEXIST") return false;
    throw error;
  }
  await chmod(path, 0o600);
  return true;
}
