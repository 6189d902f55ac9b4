import type { Command } from "commander";
import type { ImageForm } from "../../app/index.ts";
import type { CommandSurroundings } from "../command-surroundings.ts";
import { CONFIG } from "./config-argument.ts";
import { importArchiveCommand } from "./import-archive-command.ts";
import { importCommand } from "./import-command.ts";
import { importZotCommand } from "./import-zot-command.ts";

/** Every command that brings content in from elsewhere. */
export function registerImports(group: Command, surroundings: CommandSurroundings): void {
  const { terminal, pathOf, setExitCode } = surroundings;
  group
    .command("registry-v2")
    .description("index a data directory of registry:2 without copying a blob; what is damaged is reported")
    .argument("<directory>", "its storage.filesystem.rootdirectory")
    .option("-d, --dry-run", "say what would be done, and write nothing")
    .option("--database <path>", "the database file, if serve has database.path configured")
    .option("--json", "write the summary as a line of JSON")
    .action(async (directory: string, options: { dryRun?: boolean; database?: string; json?: boolean }) => {
      const { database, dryRun = false, json = false } = options;
      setExitCode(await importCommand({ directory, dryRun, database, json }, terminal));
    });
  registerArchiveImport(group, surroundings, {
    form: "oci",
    description: "bring in the images of an OCI image layout: a folder or a tar, compressed or not",
    argument: "<folder-or-tar>",
  });
  registerArchiveImport(group, surroundings, {
    form: "docker-archive",
    description: "bring in the images of what docker save or podman save wrote",
    argument: "<file.tar>",
  });
  registerArchiveImport(group, surroundings, {
    form: "bundle",
    description: "bring in what export bundle wrote, once all of it was verified",
    argument: "<folder-or-tar>",
  }).option(
    "--verify-key <key.pem>",
    "take it only if it is signed with this public key; may be there several times, for one of several keys",
    addPath,
  );
  group
    .command("zot")
    .description("bring in all repositories of a zot, each verified")
    .argument("<directory>", "its storage.rootDirectory")
    .argument("[config.yml]", CONFIG)
    .option("--json", "write the summary as a line of JSON")
    .action(async (directory: string, config: string | undefined, { json = false }: { json?: boolean }) => {
      setExitCode(await importZotCommand({ directory, configPath: pathOf(config), json }, terminal));
    });
}

interface ArchiveForm {
  readonly form: ImageForm;
  readonly description: string;
  readonly argument: string;
}

interface ArchiveImportFlags {
  readonly to?: string;
  readonly verifyKey?: readonly string[];
  readonly json?: boolean;
}

function registerArchiveImport(group: Command, surroundings: CommandSurroundings, form: ArchiveForm): Command {
  const { terminal, pathOf, setExitCode } = surroundings;
  return group
    .command(form.form)
    .description(form.description)
    .argument(form.argument)
    .argument("[config.yml]", CONFIG)
    .option(
      "--to <repository[:tag]>",
      "where the images go (default: where their names say, without a registry's name)",
    )
    .option("--json", "write the summary as a line of JSON")
    .action(async (path: string, config: string | undefined, flags: ArchiveImportFlags) => {
      const { to, verifyKey: trustedKeyPaths = [], json = false } = flags;
      const command = { form: form.form, path, configPath: pathOf(config), to, trustedKeyPaths, json };
      setExitCode(await importArchiveCommand(command, terminal));
    });
}

const addPath = (path: string, before: readonly string[] = []): readonly string[] => [...before, path];
