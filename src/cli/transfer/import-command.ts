import { resolve } from "node:path";
import { type Damage, importDirectory, type ImportedRepository, type ImportOptions } from "../../app/index.ts";
import { describeDamage, describeImport, describeProgress } from "./import-report.ts";
import { tellFault } from "../tell-fault.ts";
import type { Terminal } from "../terminal.ts";

type Output = Pick<Terminal, "stdout" | "stderr">;

/**
 * `berth import registry-v2`: says what an import does and did.
 * @returns the exit code; 0 also if something is damaged, since the rest was imported
 */
export async function importCommand(options: ImportOptions, output: Output): Promise<number> {
  const absolute = { ...options, directory: resolve(options.directory) };
  try {
    const summary = await importDirectory(absolute, (imported) => reportProgress(imported, output));
    writeDamage(summary.damaged, output);
    output.stdout.write(describeImport(summary, absolute));
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

function writeDamage(damaged: readonly Damage[], output: Output): void {
  if (damaged.length === 0) return;
  output.stdout.write("Damaged:\n");
  for (const damage of damaged) output.stdout.write(`  ${describeDamage(damage)}\n`);
}
