import { type Command, Option } from "commander";
import type { ApiStorageUse, ApiStoredSum, ApiUsageSum } from "../../http/index.ts";
import type { CommandSurroundings } from "../command-surroundings.ts";
import { writeLong } from "../long-output.ts";
import { formatBytes } from "../quantities.ts";
import { type ApiClient, at } from "../remote/api-client.ts";
import { nodeInPath, showNode } from "../remote/names.ts";
import { NotDone } from "../remote/not-done.ts";
import { Noun } from "../remote/noun.ts";
import type { Columns } from "../table.ts";
import type { Terminal } from "../terminal.ts";

const USAGE_COLUMNS: Columns<ApiUsageSum> = {
  day: (row) => row.day ?? "all",
  namespace: (row) => row.namespace ?? "all",
  repository: (row) => row.repository ?? "all",
  who: (row) => (row.principal === null ? "all" : row.principal || "not signed in"),
  pulls: (row) => String(row.pulls),
  pushes: (row) => String(row.pushes),
  received: (row) => formatBytes(row.receivedBytes),
  sent: (row) => formatBytes(row.sentBytes),
  "of it cut": (row) => formatBytes(row.cutBytes),
};

const STORAGE_COLUMNS: Columns<ApiStorageUse> = {
  repositories: (use) => String(use.repositories),
  tags: (use) => String(use.tags),
  manifests: (use) => String(use.manifests),
  stored: (use) => formatBytes(use.storedBytes),
  "each once": (use) => formatBytes(use.dedupedBytes),
  "of it nowhere else": (use) => formatBytes(use.uniqueBytes),
  "of it elsewhere, too": (use) => formatBytes(use.sharedBytes),
};

/** What is held for an hour all the time. */
const average = (byteHours: number, hours: number) => (hours === 0 ? "" : formatBytes(Math.round(byteHours / hours)));
const inGibHours = (byteHours: number) => (byteHours / 2 ** 30).toFixed(3);

const STORED_COLUMNS: Columns<ApiStoredSum> = {
  namespace: ({ namespace }) => showNode(namespace),
  period: ({ period }) => period,
  hours: ({ hours }) => hours.toFixed(1),
  "stored on average": ({ storedByteHours, hours }) => average(storedByteHours, hours),
  "GiB-hours": ({ storedByteHours }) => inGibHours(storedByteHours),
  "each once": ({ dedupedByteHours }) => inGibHours(dedupedByteHours),
  "of it nowhere else": ({ uniqueByteHours }) => inGibHours(uniqueByteHours),
};

const WHAT_IS_MEASURED =
  "Measured are namespaces at the top, those with a quota and the whole (/), by the job usage, from its second run on.";

interface DayFlags {
  readonly from?: string;
  readonly to?: string;
  readonly csv?: boolean;
}

interface UsageFlags extends DayFlags {
  readonly by?: string;
}

interface StoredFlags extends DayFlags {
  readonly per?: string;
}

type AnyFlags = UsageFlags & StoredFlags;

const withDaysAndCsv = (command: Command) =>
  command
    .option("--from <day>", "the first day, such as 2026-11-01 (default: the first of this month)")
    .option("--to <day>", "the last day, with it (default: today)")
    .addOption(new Option("--csv", "write comma-separated values, for another program").conflicts("json"));

const withDimensions = (command: Command) =>
  withDaysAndCsv(command).option(
    "--by <what>",
    "what each row is for: of day, namespace, repository, principal, with commas between them",
    "day",
  );

/** `berth usage …` */
export function registerUsageCommands(program: Command, surroundings: CommandSurroundings): void {
  const { terminal } = surroundings;
  const command = program.command("usage").description("say what is stored and what was moved; the root is /");
  new Noun(command, surroundings)
    .verb<UsageFlags>(
      "traffic <namespace>",
      "pulls, pushes and bytes, by day, namespace, repository or person",
      async ({ client, out, flags }, node = "") => {
        const path = at`/namespaces/${nodeInPath(node)}/usage`;
        if (flags.csv) return writeTable(terminal, client, path, flags);
        return out.list(await client.list<ApiUsageSum>(path, queryOf(flags)), USAGE_COLUMNS);
      },
      withDimensions,
    )
    .verb(
      "storage <namespace>",
      "how much is stored, and how much of it is shared",
      async ({ client, out }, node = "") =>
        out.record(await client.get<ApiStorageUse>(at`/namespaces/${nodeInPath(node)}/storage`), STORAGE_COLUMNS),
    )
    .verb<StoredFlags>(
      "byte-hours <namespace>",
      "how much was stored for how long, by day or month, for a bill",
      async ({ client, out, flags }, node = "") => {
        const path = at`/namespaces/${nodeInPath(node)}/byte-hours`;
        if (flags.csv) return writeTable(terminal, client, path, flags);
        const sums = await client.list<ApiStoredSum>(path, queryOf(flags));
        out.list(sums, STORED_COLUMNS);
        if (sums.length === 0) out.done(WHAT_IS_MEASURED);
      },
      (verb) =>
        withDaysAndCsv(verb).addOption(
          new Option("--per <period>", "what each row is for (default: day)").choices(["day", "month"]),
        ),
    );
}

/** As the API gives it out. @throws NotDone if nobody reads it to the end */
async function writeTable(terminal: Terminal, client: ApiClient, path: string, flags: AnyFlags): Promise<void> {
  const exitCode = await writeLong(terminal, async (write) => {
    for await (const line of client.lines(`${path}/export`, queryOf(flags))) await write(`${line}\n`);
    return 0;
  });
  if (exitCode !== 0) throw new NotDone(exitCode, "");
}

function queryOf(flags: AnyFlags): Record<string, string> {
  const { from, to, by, per } = flags;
  return Object.fromEntries(
    Object.entries({ from, to, by, per }).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}
