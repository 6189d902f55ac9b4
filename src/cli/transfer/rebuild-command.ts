import { COMMAND, type ImportedRepository, rebuildRegistry, type Rebuilt } from "../../app/index.ts";
import { describeContents, describeDamage, describeProgress } from "./import-report.ts";
import { count } from "../quantities.ts";
import { readConfig } from "../read-config.ts";
import { tellFault } from "../tell-fault.ts";
import { EXIT_CONFIG, EXIT_DATA, type Terminal } from "../terminal.ts";

export interface RebuildCommand {
  readonly path: string | undefined;
  readonly dryRun: boolean;
  readonly json: boolean;
}

/** `berth rebuild`: makes a database that was lost from what lies beside the blobs; returns the exit code. */
export async function rebuildCommand({ path, dryRun, json }: RebuildCommand, terminal: Terminal): Promise<number> {
  const loaded = readConfig(path, terminal);
  if (!loaded) return EXIT_CONFIG;
  const report = (imported: ImportedRepository) => void terminal.stderr.write(`${describeProgress(imported)}\n`);
  try {
    const rebuilt = await rebuildRegistry(loaded.config, { dryRun, report });
    terminal.stdout.write(json ? `${JSON.stringify({ ...rebuilt, dryRun })}\n` : describe(rebuilt, { dryRun, path }));
    return rebuilt.damaged.length > 0 ? EXIT_DATA : 0;
  } catch (error) {
    return tellFault(error, terminal);
  }
}

function describe(
  { contents, damaged, danglingLinks, describedAt, databasePath }: Rebuilt,
  { dryRun, path }: Pick<RebuildCommand, "dryRun" | "path">,
): string {
  const lines = [
    `${dryRun ? "Would rebuild" : "Rebuilt"} ${describeContents(contents)}, as they were at ${describedAt}; ${damaged.length} damaged.`,
    ...damaged.map((damage) => `  ${describeDamage(damage)}`),
  ];
  if (danglingLinks > 0) lines.push(`${count(danglingLinks, "link")} to blobs that are gone were passed over.`);
  lines.push("Manifests were verified. Blobs were not read: berth scrub does so.");
  lines.push(
    dryRun
      ? "Nothing was written."
      : `${databasePath} is there. Users, settings, history, the bin and the audit trail are only in backups. Next: ${COMMAND} serve${path === undefined ? "" : ` ${path}`}`,
  );
  return `${lines.join("\n")}\n`;
}
