import { stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { MetadataError, openSqlite } from "../metadata/index.ts";
import { systemClock } from "../runtime/index.ts";
import { openStorage, StorageError } from "../storage/index.ts";
import { type Damage, type ImportedRepository, importRegistryV2, looksLikeRegistryV2 } from "../upkeep/index.ts";
import { describeDamage, describeImport, describeProgress } from "./import-report.ts";
import type { Terminal } from "./terminal.ts";

export interface ImportOptions {
  /** registry:2's root directory. */
  readonly directory: string;
  /** Says what an import would do, and writes nothing. */
  readonly dryRun: boolean;
  /** Default: where `serve` expects it, `berth/berth.db` below the directory. */
  readonly database?: string | undefined;
}

/** `EX_NOINPUT` of sysexits: what was to be read is not there. */
export const EXIT_NO_INPUT = 66;
/** `EX_IOERR` of sysexits: reading or writing failed. */
export const EXIT_IO = 74;

type Output = Pick<Terminal, "stdout" | "stderr">;

/**
 * `berth import registry-v2`: makes the images of a registry:2's data directory Berth's, without copying them.
 * @returns the exit code; 0 also if something is damaged, since the rest was imported
 */
export async function importCommand(options: ImportOptions, output: Output): Promise<number> {
  const directory = resolve(options.directory);
  // Opening storage would make a directory that is missing.
  if (!(await isDirectory(directory))) {
    output.stderr.write(`There is no directory ${directory}.\n`);
    return EXIT_NO_INPUT;
  }
  try {
    return await runImport({ ...options, directory }, output);
  } catch (error) {
    if (!(error instanceof StorageError) && !(error instanceof MetadataError)) throw error;
    output.stderr.write(`The import stopped: ${error.message}. When that is repaired, run it again to go on.\n`);
    return EXIT_IO;
  }
}

async function runImport(options: ImportOptions, output: Output): Promise<number> {
  const { directory, dryRun } = options;
  const storage = await openStorage({ kind: "filesystem", rootDirectory: directory }, { clock: systemClock });
  if (!(await looksLikeRegistryV2(storage))) {
    output.stderr.write(`${directory} holds no images of a registry:2 (below docker/registry/v2/repositories).\n`);
    return EXIT_NO_INPUT;
  }
  const path = options.database ?? join(directory, "berth/berth.db");
  const metadata = await openSqlite(dryRun ? ":memory:" : path);
  try {
    const report = (imported: ImportedRepository) => reportProgress(imported, output);
    const summary = await importRegistryV2({ metadata, storage, clock: systemClock, report });
    writeDamage(summary.damaged, output);
    output.stdout.write(describeImport(summary, options));
    return 0;
  } finally {
    await metadata.close();
    await storage.close();
  }
}

async function isDirectory(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return found?.isDirectory() ?? false;
}

/** Of many repositories about a hundred are named. */
function reportProgress(imported: ImportedRepository, output: Output): void {
  const { position, total } = imported;
  if (position % Math.ceil(total / 100) !== 0 && position !== total) return;
  output.stderr.write(`${describeProgress(imported)}\n`);
}

function writeDamage(damaged: readonly Damage[], output: Output): void {
  if (damaged.length === 0) return;
  output.stdout.write("Damaged:\n");
  for (const damage of damaged) output.stdout.write(`  ${describeDamage(damage)}\n`);
}
