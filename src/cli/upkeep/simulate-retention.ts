import { readFile } from "node:fs/promises";
import type { ApiSimulatedExpiry } from "../../http/index.ts";
import { count } from "../quantities.ts";
import { at } from "../remote/api-client.ts";
import { nodeInPath } from "../remote/names.ts";
import type { Noun } from "../remote/noun.ts";
import { parseTime } from "../remote/parse-time.ts";
import { UsageError } from "../remote/usage-error.ts";
import { parseSettingValue } from "./setting-values.ts";
import type { Columns } from "../table.ts";

const COLUMNS: Columns<ApiSimulatedExpiry> = {
  repository: ({ repository }) => repository,
  tag: ({ tag }) => tag,
  pushed: ({ pushedAt }) => pushedAt,
  "would have gone": ({ goneAt }) => goneAt,
  why: ({ reason }) => reason,
  "needed since": ({ afterwards, detail }) => (afterwards === "nothing" ? "no" : detail),
  "pushed again": ({ backAt }) => backAt ?? "never",
};

const URGENCY: readonly ApiSimulatedExpiry["afterwards"][] = ["in-use", "pulled", "kept", "unknown", "nothing"];

interface SimulationFlags {
  readonly since?: number;
  readonly every?: string;
  readonly rule?: readonly string[];
  readonly rules?: string;
}

/** `berth retention simulate`. */
export function addSimulateVerb(
  noun: Noun,
  collect: (value: string, before?: readonly string[]) => readonly string[],
): Noun {
  return noun.verb<SimulationFlags>(
    "simulate <namespace>",
    "say which tags rules would have removed in the past, those first that were needed since; nothing is removed",
    async ({ client, out, flags: { since, every, rule, rules: file } }, node = "") => {
      const said = await readRules(rule, file);
      const query = { since: since === undefined ? undefined : new Date(since).toISOString(), every, rules: said };
      const path = at`/namespaces/${nodeInPath(node)}/retention/simulation`;
      const found = await client.list<ApiSimulatedExpiry>(path, query);
      const sorted = found.toSorted((a, b) => URGENCY.indexOf(a.afterwards) - URGENCY.indexOf(b.afterwards));
      out.list(sorted, COLUMNS);
      out.done(describe(sorted));
    },
    (verb) =>
      verb
        .option("--since <time>", "as if the rules had held since, such as 30d (default) or 2026-05-01", parseTime)
        .option("--every <age>", "how often they would have been applied (default: 1d)")
        .option("--rule <rule>", "try this rule, or several, in the place of those that hold", collect)
        .option("--rules <file>", "the same from a file, one rule a line"),
  );
}

/** As JSON. @throws UsageError */
async function readRules(given: readonly string[] | undefined, file: string | undefined): Promise<string | undefined> {
  if (given && file !== undefined) throw new UsageError("say rules by --rule or by --rules, not by both");
  const rules = file === undefined ? given : await readLines(file);
  return rules && JSON.stringify(parseSettingValue("retention", rules));
}

async function readLines(file: string): Promise<readonly string[]> {
  try {
    const lines = (await readFile(file, "utf8")).split("\n").map((line) => line.trim());
    return lines.filter((line) => line !== "" && !line.startsWith("#"));
  } catch (error) {
    throw new UsageError(`${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function describe(found: readonly ApiSimulatedExpiry[]): string {
  const of = (...kinds: readonly ApiSimulatedExpiry["afterwards"][]) =>
    found.filter(({ afterwards }) => kinds.includes(afterwards)).length;
  const needed = of("in-use", "pulled", "kept");
  const unknown = of("unknown");
  const told = `${count(found.length, "tag")} would have gone, ${needed} of which somebody has needed since.`;
  if (unknown === 0) return told;
  return `${told}\nOf ${unknown} that is not known: of pulls only the last of each tag is on record, and none of a tag that is gone.`;
}
