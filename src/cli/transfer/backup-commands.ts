import {
  type BackupChoice,
  type BackupRecord,
  backUpRegistry,
  type CopyProgress,
  listBackupsIn,
  restoreRegistry,
} from "../../app/index.ts";
import { count, formatBytes } from "../quantities.ts";
import { readConfig } from "../read-config.ts";
import { StopRequest } from "../stop-request.ts";
import { tellFault } from "../tell-fault.ts";
import { EXIT_AGAIN, EXIT_CONFIG, EXIT_DATA, type Terminal } from "../terminal.ts";
import { describeRestored } from "./restore-report.ts";
import { TransferProgressLine } from "./transfer-progress-line.ts";

export interface BackupCommand {
  readonly directory: string;
  readonly path: string | undefined;
  readonly json: boolean;
  /** How many backups stay there; `undefined`: all. */
  readonly keep?: number | undefined;
}

/** `berth backup`: the database, then the blobs that are not in the directory yet; returns the exit code. */
export async function backupCommand(command: BackupCommand, terminal: Terminal): Promise<number> {
  // What is written is for nobody else: the database has hashes of passwords.
  process.umask(0o077);
  const { directory, keep, json } = command;
  return work(command, terminal, async (config, { line, signal }) => {
    const onProgress = (progress: CopyProgress) => line.updateTransfer({ ...progress, verb: "backed up" });
    const done = await backUpRegistry(config, { directory, keep, signal, onProgress });
    line.clear();
    const { name, blobs, bytes, copiedBlobs, copiedBytes, missing, removedBackups, removedBlobs } = done;
    const lines = [
      `Backed up as ${name}: the database and ${count(blobs, "blob")} (${formatBytes(bytes)}), ` +
        `${copiedBlobs} of them new (${formatBytes(copiedBytes)}).`,
    ];
    if (removedBackups > 0)
      lines.push(`Removed ${count(removedBackups, "backup")} and ${count(removedBlobs, "blob")}.`);
    terminal.stdout.write(json ? `${JSON.stringify(done)}\n` : `${lines.join("\n")}\n`);
    return tellMissing(missing, "The registry has lost, and the backup has not", terminal);
  });
}

export interface RestoreCommand extends Omit<BackupCommand, "keep"> {
  readonly choice: BackupChoice;
}

/** `berth restore`: where there is no registry yet; returns the exit code. */
export async function restoreCommand(command: RestoreCommand, terminal: Terminal): Promise<number> {
  const { directory, choice, json } = command;
  return work(command, terminal, async (config, { line, signal }) => {
    const onProgress = (progress: CopyProgress) => line.updateTransfer({ ...progress, verb: "restored" });
    const done = await restoreRegistry(config, { directory, choice, signal, onProgress });
    line.clear();
    const { backup, missing } = done;
    terminal.stdout.write(json ? `${JSON.stringify(done)}\n` : `${describeRestored(done).join("\n")}\n`);
    const unknown = missing.filter((digest) => !backup.missing.includes(digest));
    return tellMissing(unknown, "The backup has lost", terminal);
  });
}

/** `berth restore --list`: the backups in a directory; returns the exit code. */
export async function listBackupsCommand({ directory, json }: BackupCommand, terminal: Terminal): Promise<number> {
  try {
    const backups = await listBackupsIn(directory);
    const lines = json ? backups.map((backup) => JSON.stringify(backup)) : backups.map(describeBackup);
    terminal.stdout.write(lines.map((line) => `${line}\n`).join(""));
    return 0;
  } catch (error) {
    return tellFault(error, terminal);
  }
}

function describeBackup({ name, blobs, bytes, missing }: BackupRecord): string {
  const lost = missing.length === 0 ? "" : `, ${missing.length} missing`;
  return `${name}  ${count(blobs, "blob")} (${formatBytes(bytes)})${lost}`;
}

type Config = NonNullable<ReturnType<typeof readConfig>>["config"];

async function work(
  { path }: Pick<BackupCommand, "path">,
  terminal: Terminal,
  run: (config: Config, turn: { readonly line: TransferProgressLine; readonly signal: AbortSignal }) => Promise<number>,
): Promise<number> {
  const loaded = readConfig(path, terminal);
  if (!loaded) return EXIT_CONFIG;
  const { signal } = new StopRequest();
  const line = new TransferProgressLine(terminal.stderr);
  try {
    return await run(loaded.config, { line, signal });
  } catch (error) {
    line.clear();
    if (!signal.aborted) return tellFault(error, terminal);
    terminal.stderr.write("Interrupted: run it again, and it goes on with what is not there yet.\n");
    return EXIT_AGAIN;
  }
}

const MOST_NAMED = 20;

function tellMissing(missing: readonly string[], what: string, { stderr }: Terminal): number {
  if (missing.length === 0) return 0;
  const named = missing.slice(0, MOST_NAMED).join("\n  ");
  const others = missing.length > MOST_NAMED ? `\n  and ${missing.length - MOST_NAMED} more` : "";
  stderr.write(`${what}:\n  ${named}${others}\n`);
  return EXIT_DATA;
}
