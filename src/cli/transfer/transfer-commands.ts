import { type Command, Option } from "commander";
import type { ExportForm, ImageForm } from "../../app/index.ts";
import type { CommandSurroundings } from "../command-surroundings.ts";
import { exportImagesCommand } from "./export-images-command.ts";
import { exportZotCommand } from "./export-zot-command.ts";
import { exportRegistryV2Command } from "./export-registry-v2-command.ts";
import { importArchiveCommand } from "./import-archive-command.ts";
import { importCommand } from "./import-command.ts";
import { importZotCommand } from "./import-zot-command.ts";

/** Every command that brings content in from elsewhere, or takes it there. */
export function registerTransferCommands(program: Command, surroundings: CommandSurroundings): void {
  registerImports(program.command("import").description("take over content from elsewhere"), surroundings);
  registerExports(program.command("export").description("write content for others to read"), surroundings);
}

const CONFIG = "registry:2's configuration file, the one that serve has";

function registerImports(group: Command, surroundings: CommandSurroundings): void {
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

interface RegistryV2ExportFlags {
  readonly inPlace?: boolean;
  readonly out?: string;
  readonly prune?: boolean;
  readonly json?: boolean;
}

function registerExports(group: Command, surroundings: CommandSurroundings): void {
  const { terminal, pathOf, setExitCode } = surroundings;
  group
    .command("registry-v2")
    .description(
      "write registry:2's files, in place or with the blobs into a folder, so that registry:2 serves what is here",
    )
    .argument("[config.yml]", CONFIG)
    .argument("[repository...]", "only team/app, or team/* or team/** for those in or below a folder (default: all)")
    .option("--in-place", "write into the data directory: the blobs are where registry:2 looks for them")
    .addOption(
      new Option("-o, --out <folder>", "write into this folder, and copy the blobs there; again to go on").conflicts(
        "inPlace",
      ),
    )
    .option("--prune", "also remove what registry:2's files have and this registry does not")
    .option("--json", "write the summary as a line of JSON")
    .action(async (path: string | undefined, repositories: string[], flags: RegistryV2ExportFlags, typed: Command) => {
      const { inPlace = false, out, prune = false, json = false } = flags;
      if (!inPlace && out === undefined) typed.error("error: say where to: --in-place, or --out <folder>");
      const command = { path: pathOf(path), out, repositories, prune, json };
      setExitCode(await exportRegistryV2Command(command, terminal));
    });
  registerImageExport(group, surroundings, {
    form: "oci",
    description: "write images as an OCI image layout",
    what: "team/app:1.0, team/app@sha256:…, team/app for all tags, team/* or team/** for repositories",
  });
  registerImageExport(group, surroundings, {
    form: "docker-archive",
    description: "write images into an archive for docker load and podman load, which is an OCI image layout as well",
    what: "team/app:1.0, team/app@sha256:…, team/app for all tags, team/* or team/** for repositories",
  });
  registerImageExport(group, surroundings, {
    form: "bundle",
    description:
      "write repositories with all tags and referrers, to be carried elsewhere; goes on where it was interrupted",
    what: "team/app for all tags, team/* or team/** for repositories, or single images",
  })
    .option("--sign <key.pem>", "sign it with this private key, on the curve P-256 or of Ed25519")
    .addHelpText("after", SIGN_HELP);
  group
    .command("zot")
    .description("write whole repositories as a zot keeps them, each verified; goes on where it was interrupted")
    .argument("<repository...>", "team/app, or team/* or team/** for those in or below a folder")
    .requiredOption("-o, --out <folder>", "what will be zot's storage.rootDirectory")
    .option("--config <config.yml>", CONFIG)
    .option("--json", "write the summary as a line of JSON")
    .action(async (repositories: readonly string[], flags: ZotExportFlags) => {
      const { out, json = false } = flags;
      const command = { repositories, out, configPath: pathOf(flags.config), json };
      setExitCode(await exportZotCommand(command, terminal));
    });
}

interface ZotExportFlags {
  readonly out: string;
  readonly config?: string;
  readonly json?: boolean;
}

const SIGN_HELP = `
A pair of keys is made by
  openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -aes256 -out bundle.key
  openssl pkey -in bundle.key -pubout -out bundle.pub
The passphrase of a key is taken from BERTH_SIGN_PASSPHRASE, or from the file that BERTH_SIGN_PASSPHRASE_FILE names.`;

interface ExportKind {
  readonly form: ExportForm;
  readonly description: string;
  readonly what: string;
}

interface ImageExportFlags {
  readonly sign?: string;
  readonly out: string;
  readonly config?: string;
  readonly referrers?: boolean;
  readonly platform?: readonly string[];
  readonly json?: boolean;
}

function registerImageExport(group: Command, surroundings: CommandSurroundings, kind: ExportKind): Command {
  const { terminal, pathOf, setExitCode } = surroundings;
  return group
    .command(kind.form)
    .description(kind.description)
    .argument("<image...>", kind.what)
    .requiredOption("-o, --out <path>", "a folder, or an archive if it ends with .tar")
    .option("--referrers", "also what refers to the images: signatures, attestations, SBOMs", kind.form === "bundle")
    .option("--platform <os/arch...>", "of images for several platforms only these, such as linux/amd64")
    .option("--config <config.yml>", CONFIG)
    .option("--json", "write the summary as a line of JSON")
    .action(async (references: readonly string[], flags: ImageExportFlags) => {
      const { out, referrers = false, platform: platforms = [], sign: signingKeyPath, json = false } = flags;
      const command = { form: kind.form, references, out, referrers, platforms, signingKeyPath, json };
      setExitCode(await exportImagesCommand({ ...command, configPath: pathOf(flags.config) }, terminal));
    });
}
