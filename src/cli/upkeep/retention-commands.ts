import type { Command } from "commander";
import { applyRetentionOf, type RetentionTally } from "../../app/index.ts";
import type { ApiTagVerdict } from "../../http/index.ts";
import type { CommandSurroundings } from "../command-surroundings.ts";
import { ProgressLine } from "../progress-line.ts";
import { count } from "../quantities.ts";
import { readConfig } from "../read-config.ts";
import { at } from "../remote/api-client.ts";
import { nodeInPath } from "../remote/names.ts";
import { Noun } from "../remote/noun.ts";
import { parseSettingValue } from "./setting-values.ts";
import { addSimulateVerb } from "./simulate-retention.ts";
import { StopRequest } from "../stop-request.ts";
import type { Columns } from "../table.ts";
import { tellFault } from "../tell-fault.ts";
import { EXIT_AGAIN, EXIT_CONFIG, type Terminal } from "../terminal.ts";

const COLUMNS: Columns<ApiTagVerdict> = {
  repository: ({ repository }) => repository,
  tag: ({ tag }) => tag,
  pushed: ({ pushedAt }) => pushedAt,
  "last pulled": ({ usedAt }) => usedAt ?? "never",
  expires: ({ expiresAt }) => expiresAt ?? "never",
  verdict: ({ verdict }) => verdict,
  why: ({ reason }) => reason,
};

interface PreviewFlags {
  readonly going?: boolean;
  readonly rule?: readonly string[];
}

interface RunFlags {
  readonly dryRun?: boolean;
  readonly quiet?: boolean;
  readonly json?: boolean;
}

/** `berth retention …` */
export function registerRetentionCommands(program: Command, surroundings: CommandSurroundings): void {
  const { terminal, pathOf, setExitCode } = surroundings;
  const command = program
    .command("retention")
    .description("see which tags are kept and which go, and why; the rules are set by: namespace set … retention");
  const noun = new Noun(command, surroundings).verb<PreviewFlags>(
    "preview <namespace>",
    "say of each tag of a namespace or a repository what becomes of it, and why; nothing is removed",
    async ({ client, out, flags: { going = false, rule } }, node = "") => {
      const rules = rule && JSON.stringify(parseSettingValue("retention", rule));
      const query = { verdict: going ? "goes" : undefined, rules };
      const verdicts = await client.list<ApiTagVerdict>(at`/namespaces/${nodeInPath(node)}/retention`, query);
      out.list(verdicts, COLUMNS);
      if (verdicts.length > 0) out.done(sumUp(verdicts, going));
    },
    (verb) =>
      verb
        .option("--going", "only tags that go")
        .option(
          "--rule <rule>",
          "try this rule, or several, written as for namespace set, in the place of those that hold",
          collect,
        ),
  );
  addSimulateVerb(noun, collect);
  command
    .command("run")
    .description("remove the tags that go, beside a running registry, which does so by itself, or without one")
    .argument("[config.yml]", "the configuration that serve has")
    .option("-d, --dry-run", "say what would go, and remove nothing")
    .option("-q, --quiet", "do not name the tags")
    .option("--json", "write the summary as a line of JSON")
    .action(async (path: string | undefined, flags: RunFlags) =>
      setExitCode(await runRetention({ ...flags, path: pathOf(path) }, terminal)),
    );
}

function sumUp(verdicts: readonly ApiTagVerdict[], isGoingOnly: boolean): string {
  const going = verdicts.filter(({ verdict }) => verdict === "goes").length;
  return isGoingOnly ? `${count(going, "tag")} would go.` : `${going} of ${count(verdicts.length, "tag")} would go.`;
}

function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

async function runRetention(
  { path, dryRun = false, quiet = false, json = false }: RunFlags & { readonly path: string | undefined },
  terminal: Terminal,
): Promise<number> {
  const loaded = readConfig(path, terminal);
  if (!loaded) return EXIT_CONFIG;
  const { stdout } = terminal;
  const { signal } = new StopRequest();
  const line = new ProgressLine(terminal.stderr, () => performance.now(), { onTerminalOnly: true });
  try {
    const tally = await applyRetentionOf(loaded.config, {
      dryRun,
      signal,
      onProgress: (now) => line.update(() => ({ part: undefined, facts: factsOf(now) })),
      onExpired(repository, { tag, reason }) {
        if (quiet || json) return;
        line.clear();
        stdout.write(`${dryRun ? "would remove" : "removed"} ${repository}:${tag}: ${reason}\n`);
      },
    });
    line.clear();
    stdout.write(json ? `${JSON.stringify({ ...tally, dryRun })}\n` : describe(tally, dryRun));
    return signal.aborted ? EXIT_AGAIN : 0;
  } catch (error) {
    line.clear();
    return tellFault(error, terminal);
  }
}

function factsOf({ repositories, judged, expired }: RetentionTally): readonly string[] {
  return [`${count(judged, "tag")} of ${count(repositories, "repository")} judged`, `${count(expired, "tag")} to go`];
}

function describe({ repositories, judged, expired, postponed }: RetentionTally, dryRun: boolean): string {
  const verb = dryRun ? "Would remove" : "Removed";
  const rest = postponed === 0 ? "" : ` ${count(postponed, "repository")} changed too fast: run it again.`;
  return `Judged ${count(judged, "tag")} of ${count(repositories, "repository")}. ${verb} ${count(expired, "tag")}.${rest}\n`;
}
