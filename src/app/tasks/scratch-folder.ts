import { mkdtemp, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { isAlive } from "./lock-folder.ts";

const KINDS = ["dry-run", "backup", "import", "rebuild"] as const;

export type ScratchKind = (typeof KINDS)[number];

/** The process that made it is part of its name. */
const NAME = new RegExp(`^(?:${KINDS.join("|")})-(\\d{1,10})-[A-Za-z0-9]{6}$`);

/** Makes a folder in another one for a command of this process, and removes those that killed commands have left there. */
export async function makeScratchFolder(parent: string, kind: ScratchKind): Promise<string> {
  await removeLeftFolders(parent);
  return mkdtemp(join(parent, `${kind}-${process.pid}-`));
}

/** Whatever cannot be removed is left to the next. */
async function removeLeftFolders(parent: string): Promise<void> {
  const names = await readdir(parent).catch(() => []);
  for (const name of names) {
    const pid = Number(NAME.exec(name)?.[1]);
    if (pid > 0 && !isAlive(pid)) await rm(join(parent, name), { recursive: true, force: true }).catch(() => undefined);
  }
}
