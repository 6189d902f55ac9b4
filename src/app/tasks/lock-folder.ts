import { open, readFile, unlink } from "node:fs/promises";
import { join } from "node:path";
import { errorCode } from "../../runtime/index.ts";
import { TaskError } from "./task-error.ts";

/**
 * Keeps a folder for one command of this machine, by a file that names its process. What a process that is gone has left is taken over.
 * @returns what gives it back
 * @throws TaskError `busy`
 */
export async function lockFolder(folder: string, what: string): Promise<() => Promise<void>> {
  const path = join(folder, "berth.lock");
  for (;;) {
    try {
      const handle = await open(path, "wx", 0o600);
      await handle.writeFile(`${process.pid}\n`);
      await handle.close();
      return () => unlink(path);
    } catch (error) {
      if (errorCode(error) !== "EEXIST") throw error;
    }
    const holder = Number(await readFile(path, "utf8").catch(() => ""));
    if (holder > 0 && isAlive(holder))
      throw new TaskError("busy", `Process ${holder} works on ${folder}: wait until its ${what} has ended.`);
    await unlink(path).catch(() => undefined);
  }
}

/** Whether this machine has a process of that number. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errorCode(error) === "EPERM";
  }
}
