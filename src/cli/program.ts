import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import { COMMAND, SERVING_PROCESS, VERSION } from "../app/index.ts";
import { configurationPathVariable, parseByteSize, parseDuration } from "../config/index.ts";
import { addExamples } from "./command-examples.ts";
import { checkConfig } from "./check-config.ts";
import { parsePastTime } from "./remote/parse-time.ts";
import { serve } from "./serve.ts";
import { servingProcess } from "./serving-process.ts";
import { EXIT_USAGE, type Terminal } from "./terminal.ts";

/** Runs one command line and returns its exit code. */
export async function runCommandLine(argv: readonly string[], terminal: Terminal): Promise<number> {
  let exitCode = 0;
  const setExitCode = (code: number) => void (exitCode = code);
  const program = buildProgram(terminal, setExitCode);
  // Who serves needs no command that asks a registry, nor the time to read its code.
  if (!SERVING.has(argv[0] ?? "")) {
    const surroundings = { terminal, pathOf: (argument?: string) => pathOf(argument, terminal), setExitCode };
    const { registerTransferCommands } = await import("./transfer/transfer-commands.ts");
    registerTransferCommands(program, surroundings);
    const { registerApiCommands } = await import("./api-commands.ts");
    registerApiCommands(program, surroundings);
  }
  nameHelp(program, COMMAND);
  try {
    await program.parseAsync([...argv], { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.code === "commander.missingArgument") terminal.stderr.write(adviceOnLocal(argv));
    // What printed help or a version because it was asked to did its work.
    return error.exitCode === 0 ? 0 : EXIT_USAGE;
  }
  return exitCode;
}

/** Each error of usage is followed by how to find the right one, and help by examples. `help` is a command of ours, which goes all the way down. */
function nameHelp(command: Command, path: string): void {
  command.showHelpAfterError(`See: ${path} --help`).helpCommand(false);
  addExamples(command, path, path.slice(COMMAND.length + 1));
  for (const inner of command.commands) nameHelp(inner, `${path} ${inner.name()}`);
}

/** `--local` may have a value, so it takes a name that follows. */
function adviceOnLocal(argv: readonly string[]): string {
  const taken = argv[argv.indexOf("--local") + 1];
  if (!argv.includes("--local") || taken === undefined || taken.startsWith("-")) return "";
  return `"${taken}" was taken for the configuration of --local: write it before --local.\n`;
}

/** @throws CommanderError where there is no such command */
function showHelp(program: Command, words: readonly string[]): void {
  let shown = program;
  for (const word of words) {
    const inner = shown.commands.find((command) => command.name() === word);
    shown = inner ?? shown.error(`error: unknown command '${word}'`);
  }
  shown.outputHelp();
}

const SERVING: ReadonlySet<string> = new Set(["serve", SERVING_PROCESS]);

/** An empty variable is how compose files and units say that there is none. */
function pathOf(argument: string | undefined, { env }: Terminal): string | undefined {
  return argument ?? (env[configurationPathVariable] || undefined);
}

function buildProgram(terminal: Terminal, setExitCode: (code: number) => void): Command {
  const program = new Command("berth")
    .description("A private registry for container images and OCI artifacts.")
    .version(`berth ${VERSION}`, "-v, --version", "print the version")
    .helpOption("-h, --help", "print help")
    .configureOutput({
      writeOut: (text) => void terminal.stdout.write(text),
      writeErr: (text) => void terminal.stderr.write(text),
    })
    .exitOverride();

  const configArgument = "registry:2's configuration file";

  program
    .command("serve")
    .description("serve the registry until SIGTERM or SIGINT")
    .argument("[config.yml]", `${configArgument}; without one: loopback only, data in ./data, no login`)
    .addHelpText("after", ENVIRONMENT_HELP)
    .action(async (path: string | undefined) => setExitCode(await serve(pathOf(path, terminal), terminal)));

  program.command(SERVING_PROCESS, { hidden: true }).action(async () => setExitCode(await servingProcess(terminal)));

  program
    .command("check-config")
    .description("say whether the configuration is good, and everything that is wrong with it")
    .argument("[config.yml]", configArgument)
    .option("--print", "print the result of file, environment and defaults, with secrets masked")
    .addHelpText("after", ENVIRONMENT_HELP)
    .action((path: string | undefined, options: { print?: boolean }) => {
      const result = checkConfig({ path: pathOf(path, terminal), env: terminal.env, print: options.print ?? false });
      terminal.stdout.write(result.stdout);
      terminal.stderr.write(result.stderr);
      setExitCode(result.exitCode);
    });

  program
    .command("backup")
    .description(
      "copy the database, and the blobs that are not there yet, to a directory, beside a running registry or not",
    )
    .argument("<directory>", "where backups are; the same one each time, so that only what is new is copied")
    .argument("[config.yml]", `${configArgument}, the one that serve has`)
    .option("--keep <count>", "how many backups stay there, the oldest go first (default: all)", parseCount)
    .option("--json", "write the summary as a line of JSON")
    .action(async (directory: string, path: string | undefined, options: { keep?: number; json?: boolean }) => {
      const { keep, json = false } = options;
      const { backupCommand } = await import("./transfer/backup-commands.ts");
      setExitCode(await backupCommand({ directory, path: pathOf(path, terminal), keep, json }, terminal));
    });

  program
    .command("restore")
    .description("bring a registry back from a directory of backups, where there is none")
    .argument("<directory>", "where backups are")
    .argument("[config.yml]", `${configArgument}, the one that serve will have`)
    .option(
      "--at <time>",
      "as it was then, such as 2026-05-01T12:00Z, from the first backup that was taken later (default: the newest)",
      parsePastTime,
    )
    .addOption(new Option("--backup <name>", "this backup, as it is, by its name in --list").conflicts("at"))
    .option("--list", "say which backups are there, and restore none")
    .option("--json", "write the summary as a line of JSON")
    .action(async (directory: string, path: string | undefined, options: RestoreFlags) => {
      const { at, backup, list = false, json = false } = options;
      const choice = { atMs: at, name: backup };
      const command = { directory, path: pathOf(path, terminal), json, choice };
      const { listBackupsCommand, restoreCommand } = await import("./transfer/backup-commands.ts");
      setExitCode(await (list ? listBackupsCommand(command, terminal) : restoreCommand(command, terminal)));
    });

  program
    .command("rebuild")
    .description("make a database that was lost from what lies beside the blobs: repositories, manifests and tags")
    .argument("[config.yml]", `${configArgument}, the one that serve will have`)
    .option("-d, --dry-run", "say what there is, and write nothing")
    .option("--json", "write the summary as a line of JSON")
    .action(async (path: string | undefined, { dryRun = false, json = false }: RebuildFlags) => {
      const { rebuildCommand } = await import("./transfer/rebuild-command.ts");
      setExitCode(await rebuildCommand({ path: pathOf(path, terminal), dryRun, json }, terminal));
    });

  const gc = program
    .command("gc")
    .alias("garbage-collect")
    .description(
      "remove what nothing names any more, beside a running registry, which does so by itself, or without one",
    )
    .argument("[config.yml]", `${configArgument}, the one that serve has`)
    .option("-d, --dry-run", "say what would go, and why, and remove nothing")
    .option(
      "-m, --delete-untagged",
      "manifests without a tag go as well where no namespace says otherwise, whatever the configuration does",
    )
    .option("--window <duration>", "how long it stays after the last that named it has gone", parseWindow)
    .option("-q, --quiet", "say nothing unless something goes wrong")
    .option("--json", "write the summary as a line of JSON; of a dry run with all that would go")
    .action(async (path: string | undefined, options: GcFlags) => {
      const { dryRun = false, deleteUntagged = false, quiet = false, json = false, window } = options;
      const command = { path: pathOf(path, terminal), dryRun, deleteUntagged, quiet, json, windowMs: window };
      const { gcCommand } = await import("./upkeep/gc-command.ts");
      setExitCode(await gcCommand(command, terminal));
    });
  gc.command("explain")
    .description("say what keeps a blob or a manifest, or what removed it")
    .argument("<digest>", "such as sha256:…", parseDigest)
    .argument("[config.yml]", `${configArgument}, the one that serve has`)
    .option("--json", "write what is known as a line of JSON")
    .action(async (digest: string, path: string | undefined) => {
      const { json = false } = gc.opts<GcFlags>();
      const { gcExplainCommand } = await import("./upkeep/gc-command.ts");
      setExitCode(await gcExplainCommand({ digest, path: pathOf(path, terminal), json }, terminal));
    });

  program
    .command("scrub")
    .description("verify all content, beside a running registry or without one; goes on where it was interrupted")
    .argument("[config.yml]", `${configArgument}, the one that serve has`)
    .option("--rate <size>", "how much to read in a second, 0 for as fast as it goes (default: 50MB)", parseRate)
    .option("--restart", "begin anew")
    .option(
      "--repair-index",
      "first make the rows of the database right that follow from manifests, and name files on no record",
    )
    .option("--enter-unknown", "the same, and give those files to clean-up, which removes what nobody needs")
    .option("--json", "write findings and the summary as lines of JSON")
    .action(async (path: string | undefined, options: ScrubFlags) => {
      const { rate = DEFAULT_RATE, restart = false, enterUnknown = false, json = false } = options;
      const repairIndex = (options.repairIndex ?? false) || enterUnknown;
      const what = { restart, repairIndex, enterUnknown };
      const command = { path: pathOf(path, terminal), bytesPerSecond: rate, ...what, json };
      const { scrubCommand } = await import("./upkeep/scrub-command.ts");
      setExitCode(await scrubCommand(command, terminal));
    });

  program
    .command("version")
    .description("print the version")
    .action(() => void terminal.stdout.write(`berth ${VERSION}\n`));

  program
    .command("help [command...]")
    .description("print the help of a command")
    .action((words: readonly string[]) => showHelp(program, words));

  return program;
}

interface RestoreFlags {
  readonly at?: number;
  readonly backup?: string;
  readonly list?: boolean;
  readonly json?: boolean;
}

interface RebuildFlags {
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

interface GcFlags {
  readonly dryRun?: boolean;
  readonly deleteUntagged?: boolean;
  readonly window?: number;
  readonly quiet?: boolean;
  readonly json?: boolean;
}

interface ScrubFlags {
  readonly rate?: number;
  readonly restart?: boolean;
  readonly repairIndex?: boolean;
  readonly enterUnknown?: boolean;
  readonly json?: boolean;
}

/** Moderate for a disk that serves as well. */
const DEFAULT_RATE = parseByteSize("50MB");

const parseRate = orInvalid(parseByteSize);

function parseDigest(text: string): string {
  if (/^(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/.test(text)) return text;
  throw new InvalidArgumentError("It is sha256: and 64 hexadecimal digits, or sha512: and 128.");
}
const parseWindow = orInvalid(parseDuration);
const parseCount = orInvalid((text) => {
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw new Error("a number from 1 on");
});

function orInvalid<T>(parse: (text: string) => T): (text: string) => T {
  return (text) => {
    try {
      return parse(text);
    } catch (error) {
      throw new InvalidArgumentError((error as Error).message);
    }
  };
}

const ENVIRONMENT_HELP = `
Every key can be set by an environment variable: http.addr is REGISTRY_HTTP_ADDR, and a secret can be read from a file
with _FILE at the end of the name. ${configurationPathVariable} names the file where none is given.
All keys: docs/reference/configuration.md`;
