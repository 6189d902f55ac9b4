import { type Command, Option } from "commander";
import type { ExportForm } from "../../app/index.ts";
import type { CommandSurroundings } from "../command-surroundings.ts";
import { CONFIG } from "./config-argument.ts";
import { exportImagesCommand } from "./export-images-command.ts";
import { exportRegistryV2Command } from "./export-registry-v2-command.ts";
import { exportZotCommand } from "./export-zot-command.ts";

/** Every command that writes content for others to read. */
export function registerExports(group: Command, surroundings: CommandSurroundings): void {
  registerRegistryV2Export(group, surroundings);
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
  registerZotExport(group, surroundings);
}

interface RegistryV2ExportFlags {
  readonly inPlace?: boolean;
  readonly out?: string;
  readonly prune?: boolean;
  readonly json?: boolean;
}

function registerRegistryV2Export(group: Command, { terminal, pathOf, setExitCode }: CommandSurroundings): void {
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
}

interface ZotExportFlags {
  readonly out: string;
  readonly config?: string;
  readonly json?: boolean;
}

function registerZotExport(group: Command, { terminal, pathOf, setExitCode }: CommandSurroundings): void {
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
