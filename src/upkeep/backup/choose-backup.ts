import type { StorageDriver } from "../../storage/index.ts";
import { type BackupRecord, listBackups } from "./backup-layout.ts";

/** Which backup is restored: the one of a name, or as of a time; with neither the newest. */
export interface BackupChoice {
  readonly name?: string | undefined;
  readonly atMs?: number | undefined;
}

export interface ChosenBackup {
  readonly backup: BackupRecord;
  /** It is newer than what was asked for, and goes back to this time. */
  readonly windBackToMs?: number | undefined;
  /** It is older than what was asked for, by so much. */
  readonly olderByMs?: number | undefined;
  /** The name of the last one that was taken before the time that was asked for. */
  readonly before?: string | undefined;
}

/** There is nothing to restore, or it is not what was backed up. */
export class RestoreError extends Error {
  override readonly name = "RestoreError";
}

/**
 * As of a time it is the first one that was taken then or later, as that can be wound back; else the last one before.
 * @throws RestoreError
 */
export async function chooseBackup(storage: StorageDriver, { name, atMs }: BackupChoice): Promise<ChosenBackup> {
  const all = await listBackups(storage);
  const newest = all.at(-1);
  if (!newest) throw new RestoreError("there is no whole backup in there");
  if (name !== undefined) return { backup: ofName(all, name) };
  if (atMs === undefined) return { backup: newest };
  const after = all.find(({ takenAtMs }) => takenAtMs >= atMs);
  if (!after) return { backup: newest, olderByMs: atMs - newest.takenAtMs, before: newest.name };
  const before = all.findLast(({ takenAtMs }) => takenAtMs < atMs);
  return { backup: after, windBackToMs: atMs, before: before?.name };
}

function ofName(all: readonly BackupRecord[], name: string): BackupRecord {
  const found = all.find((backup) => backup.name === name);
  if (found) return found;
  throw new RestoreError(`there is no backup ${name}: --list names those that there are`);
}
