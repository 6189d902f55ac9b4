import type { Command } from "commander";
import type { CommandSurroundings } from "./command-surroundings.ts";
import { giveBackCommand } from "./give-back-command.ts";
import { importCommand } from "./import-command.ts";

/** Every command that brings content in from elsewhere, or takes it there. */
export function registerTransferCommands(program: Command, surroundings: CommandSurroundings): void {
  registerImports(program.command("import").description("take over content from elsewhere"), surroundings);
  registerExports(program.command("export").description("write content for others to read"), surroundings);
}

const CONFIG = "registry:2's configuration file, the one that serve has";

function registerImports(group: Command, { terminal, setExitCode }: CommandSurroundings): void {
  group
    .command("registry-v2")
    .description("index a data directory of registry:2 without copying a blob; what is damaged is reported")
    .argument("<directory>", "its storage.filesystem.rootdirectory")
    .option("--dry-run", "say what would be done, and write nothing")
    .option("--database <path>", "the database file, if serve has database.path configured")
    .action(async (directory: string, options: { dryRun?: boolean; database?: string }) => {
      const { database, dryRun = false } = options;
      setExitCode(await importCommand({ directory, dryRun, database }, terminal));
    });
}

interface GiveBackFlags {
  readonly prune?: boolean;
  readonly json?: boolean;
}

function registerExports(group: Command, { terminal, pathOf, setExitCode }: CommandSurroundings): void {
  group
    .command("registry-v2")
    .description("write registry:2's files into the data directory, so that registry:2 serves what is here")
    .argument("[config.yml]", CONFIG)
    .requiredOption("--in-place", "write beside the blobs, which are where registry:2 looks for them")
    .option("--prune", "also remove what registry:2's files have and this registry does not")
    .option("--json", "write the summary as a line of JSON")
    .action(async (path: string | undefined, { prune = false, json = false }: GiveBackFlags) => {
      setExitCode(await giveBackCommand({ path: pathOf(path), prune, json }, terminal));
    });
}
