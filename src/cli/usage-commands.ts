import type { Command } from "commander";
import type { ApiStorageUse, ApiUsageSum } from "../http/index.ts";
import type { CommandSurroundings } from "./command-surroundings.ts";
import { formatBytes } from "./quantities.ts";
import { at } from "./remote/api-client.ts";
import { nodeInPath } from "./remote/names.ts";
import { Noun } from "./remote/noun.ts";
import type { Columns } from "./table.ts";

const USAGE_COLUMNS: Columns<ApiUsageSum> = {
  day: (row) => row.day ?? "all",
  repository: (row) => row.repository ?? "all",
  who: (row) => (row.principal === null ? "all" : row.principal || "not signed in"),
  pulls: (row) => String(row.pulls),
  pushes: (row) => String(row.pushes),
  received: (row) => formatBytes(row.receivedBytes),
  sent: (row) => formatBytes(row.sentBytes),
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

interface UsageFlags {
  readonly from?: string;
  readonly to?: string;
  readonly by?: string;
}

const withDays = (command: Command) =>
  command
    .option("--from <day>", "the first day, such as 2026-11-01 (default: the first of this month)")
    .option("--to <day>", "the last day, with it (default: today)")
    .option("--by <what>", "what each row is for: of day, repository, principal, with commas between them", "day");

/** `berth usage …` */
export function registerUsageCommands(program: Command, surroundings: CommandSurroundings): void {
  const command = program.command("usage").description("say what is stored and what was moved; the root is /");
  new Noun(command, surroundings)
    .verb<UsageFlags>(
      "traffic <namespace>",
      "pulls, pushes and bytes, by day, repository or person",
      async ({ client, out, flags }, node = "") =>
        out.list(
          await client.list<ApiUsageSum>(at`/namespaces/${nodeInPath(node)}/usage`, queryOf(flags)),
          USAGE_COLUMNS,
        ),
      withDays,
    )
    .verb(
      "storage <namespace>",
      "how much is stored, and how much of it is shared",
      async ({ client, out }, node = "") =>
        out.record(await client.get<ApiStorageUse>(at`/namespaces/${nodeInPath(node)}/storage`), STORAGE_COLUMNS),
    );
}

function queryOf({ from, to, by }: UsageFlags): Record<string, string> {
  return { ...(from !== undefined && { from }), ...(to !== undefined && { to }), ...(by !== undefined && { by }) };
}
