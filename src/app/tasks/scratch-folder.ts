import { mkdtemp, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { errorCode } from "../../runtime/index.ts";

const KINDS = ["dry-run", "backup", "import", "rebuild"] as const;

export type ScratchKind = (typeof KINDS)[number];

/** The process that made it is part of its name. */
const NAME = new RegExp(`^(?:${KINDS.join("|")})-(\\d{1,10})-[A-Za-z0-9]{6}$`);

/** Makes a folder in another one for a command of this process, and removes those that killed commands have left there. */
export async function makeScratchFolder(parent: string, kind: ScratchKind): Promise<string> {
  await removeLeftFolders(parent);
  const folder = await mkdtemp(join(parent, `${kind}-${process.pid}-`));
  made.add(folder);
  return folder;
}

/** By this process. In a container that is started anew it has the number of the one before. */
const made = new Set<string>();

/** Whatever cannot be removed is left to the next. */
async function removeLeftFolders(parent: string): Promise<void> {
  const names = await readdir(parent).catch(() => []);
  for (const name of names) {
    const pid = Number(NAME.exec(name)?.[1]);
    const folder = join(parent, name);
    const isLeft = pid === process.pid ? !made.has(folder) : pid > 0 && !isAlive(pid);
    if (isLeft) await rm(folder, { recursive: true, force: true }).catch(() => undefined);
  }
}

/** Whether this machine has a process of that number. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errorCode(error) === "EPERM";
  }
}
