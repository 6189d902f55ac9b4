import { type Command, InvalidArgumentError, Option } from "commander";
import { open } from "node:fs/promises";
import {
  type ActFilter,
  type ActRecord,
  auditLine,
  type AuditTrail,
  type ChainReport,
  readAudit,
  TaskError,
} from "../../app/index.ts";
import { describeActs, describeChain, describeComparison } from "./audit-report.ts";
import { compareWithExport, type ExportComparison } from "../transfer/compare-export.ts";
import type { CommandSurroundings } from "../command-surroundings.ts";
import { writeLong } from "../long-output.ts";
import { readConfig } from "../read-config.ts";
import { remoteAuditTrail } from "../remote/audit-trail.ts";
import { runWork, SERVER_OPTION } from "../remote/noun.ts";
import { parseTime } from "../remote/parse-time.ts";
import { tellFault } from "../tell-fault.ts";
import { EXIT_CONFIG, type Terminal } from "../terminal.ts";

/** The chain of the audit trail is broken, or it is not what was exported. */
const EXIT_BROKEN = 1;

/** `berth audit verify`, `list` and `export`. */
export function registerAuditCommand(program: Command, surroundings: CommandSurroundings): void {
  const { terminal, pathOf, setExitCode } = surroundings;
  const audit = program.command("audit").description("look at the trail of who did what");
  const run = async (flags: PlaceFlags, read: Reader) => {
    const { local } = flags;
    const path = () => pathOf(typeof local === "string" ? local : undefined);
    setExitCode(
      local === undefined ? await readRemotely(flags, surroundings, read) : await readLocally(path(), terminal, read),
    );
  };

  placed(audit.command("verify"))
    .description("say whether the trail was changed; exit code 1 if it was")
    .option(
      "--against <file>",
      "compare with lines that were exported before: who has the database may have made a chain anew",
    )
    .option("--json", "write the outcome as JSON")
    .action((flags: VerifyFlags) => run(flags, (trail) => verify(trail, flags, terminal)));

  filtered(placed(audit.command("list")))
    .description("show acts, the newest first")
    .addOption(new Option("--limit <number>", "how many").default(100).argParser(parseCount))
    .option("--json", "write lines of JSON, as export does")
    .action((flags: ListFlags) => run(flags, (trail) => list(trail, flags, terminal)));

  filtered(placed(audit.command("export")))
    .description("write acts as lines of JSON, the oldest first")
    .action((flags: FilterFlags) => run(flags, (trail) => exportAll(trail, flags, terminal)));
}

type Reader = (trail: AuditTrail) => Promise<number>;

interface PlaceFlags {
  readonly server?: string;
  readonly local?: string | true;
}

interface VerifyFlags extends PlaceFlags {
  readonly against?: string;
  readonly json?: boolean;
}

interface FilterFlags extends PlaceFlags {
  readonly actor?: string;
  readonly target?: string;
  readonly prefix?: string;
  readonly act?: string;
  readonly outcome?: "success" | "failure";
  readonly from?: number;
  readonly to?: number;
}

interface ListFlags extends FilterFlags {
  readonly limit: number;
  readonly json?: boolean;
}

function placed(command: Command): Command {
  return command
    .option(...SERVER_OPTION)
    .option(
      "--local [config.yml]",
      "read the database that this configuration names, beside a running registry or without one",
    );
}

function filtered(command: Command): Command {
  return command
    .option("--actor <name>", "who did it")
    .option("--target <name>", "what it was done to, such as a repository")
    .option("--prefix <text>", "what the target begins with, such as team/")
    .option("--act <name>", "what was done, such as tag.move")
    .addOption(new Option("--outcome <outcome>", "how it ended").choices(["success", "failure"]))
    .option("--from <time>", "from then on: 2026-11-21T13:00Z, or 24h ago as 24h", parseTime)
    .option("--to <time>", "before then", parseTime);
}

async function readRemotely({ server }: PlaceFlags, surroundings: CommandSurroundings, read: Reader): Promise<number> {
  let exitCode = 0;
  const failed = await runWork({ ...(server !== undefined && { server }) }, surroundings, async ({ client }) => {
    exitCode = await read(remoteAuditTrail(client)).catch((error: unknown) => tellFault(error, surroundings.terminal));
  });
  return failed || exitCode;
}

async function readLocally(path: string | undefined, terminal: Terminal, read: Reader): Promise<number> {
  const loaded = readConfig(path, terminal);
  if (!loaded) return EXIT_CONFIG;
  return readAudit(loaded.config, read).catch((error: unknown) => tellFault(error, terminal));
}

async function verify(trail: AuditTrail, { against, json }: VerifyFlags, terminal: Terminal): Promise<number> {
  const report = await trail.verify();
  const comparison = against === undefined ? undefined : await compare(trail, report, against);
  const { stdout, stderr } = terminal;
  const isWhole = !report.broken && !comparison?.different;
  if (json) stdout.write(`${JSON.stringify({ ...report, ...(comparison && { against: comparison }) })}\n`);
  else (isWhole ? stdout : stderr).write(describeChain(report) + (comparison ? describeComparison(comparison) : ""));
  return isWhole ? 0 : EXIT_BROKEN;
}

/** @throws TaskError */
async function compare(trail: AuditTrail, report: ChainReport, path: string): Promise<ExportComparison> {
  try {
    await using file = await open(path);
    return await compareWithExport(trail, report, file.readLines());
  } catch (error) {
    if (!(error instanceof Error && "code" in error)) throw error;
    throw new TaskError("nothing-there", `${path} cannot be read: ${error.message}.`, { cause: error });
  }
}

function list(trail: AuditTrail, flags: ListFlags, terminal: Terminal): Promise<number> {
  return writeLong(terminal, async (write) => {
    const records = await trail.list({ ...filterOf(flags), limit: flags.limit });
    await write(flags.json ? linesOf(records) : describeActs(records));
    return 0;
  });
}

function exportAll(trail: AuditTrail, flags: FilterFlags, terminal: Terminal): Promise<number> {
  return writeLong(terminal, async (write) => {
    for await (const records of trail.iterate(filterOf(flags))) await write(linesOf(records));
    return 0;
  });
}

function linesOf(records: readonly ActRecord[]): string {
  return records.map((record) => `${auditLine(record)}\n`).join("");
}

function filterOf({ actor, target, prefix, act, outcome, from, to }: FilterFlags): ActFilter {
  return { actor, target, targetPrefix: prefix, act, outcome, fromMs: from, toMs: to };
}

function parseCount(text: string): number {
  const count = Number(text);
  if (Number.isSafeInteger(count) && count > 0) return count;
  throw new InvalidArgumentError("It is no number above 0.");
}
