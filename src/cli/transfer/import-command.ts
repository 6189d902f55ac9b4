import { resolve } from "node:path";
import {
  type Damage,
  importDirectory,
  type ImportedRepository,
  type ImportOptions,
  type ImportSummary,
} from "../../app/index.ts";
import { describeDamage, describeImport, describeProgress } from "./import-report.ts";
import { tellFault } from "../tell-fault.ts";
import type { Terminal } from "../terminal.ts";

type Output = Pick<Terminal, "stdout" | "stderr">;

export interface ImportCommand extends ImportOptions {
  readonly json?: boolean;
}

/**
 * `berth import registry-v2`: says what an import does and did.
 * @returns the exit code; 0 also if something is damaged, since the rest was imported
 */
export async function importCommand({ json = false, ...options }: ImportCommand, output: Output): Promise<number> {
  const absolute = { ...options, directory: resolve(options.directory) };
  try {
    const summary = await importDirectory(absolute, (imported) => reportProgress(imported, output));
    if (json) output.stdout.write(`${JSON.stringify({ ...summary, dryRun: options.dryRun })}\n`);
    else writeSummary(summary, absolute, output);
    return 0;
  } catch (error) {
    return tellFault(error, output);
  }
}

/** Of many repositories about a hundred are named. */
function reportProgress(imported: ImportedRepository, output: Output): void {
  const { position, total } = imported;
  if (position % Math.ceil(total / 100) !== 0 && position !== total) return;
  output.stderr.write(`${describeProgress(imported)}\n`);
}

function writeSummary(summary: ImportSummary, options: ImportOptions, output: Output): void {
  writeDamage(summary.damaged, output);
  output.stdout.write(describeImport(summary, options));
}

function writeDamage(damaged: readonly Damage[], output: Output): void {
  if (damaged.length === 0) return;
  output.stdout.write("Damaged:\n");
  for (const damage of damaged) output.stdout.write(`  ${describeDamage(damage)}\n`);
}
