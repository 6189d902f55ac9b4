import { join } from "node:path";
import { Command, InvalidArgumentError } from "commander";
import type { RegistryName } from "./peers/start-registry.ts";

/** How much is measured; `--quick` and `--full-lists` choose among these. */
export interface Pace {
  readonly rounds: number;
  readonly warmUpSeconds: number;
  readonly secondsPerRound: number;
  readonly largeBlobMib: number;
  readonly pullsPerRound: number;
  readonly slowClients: number;
  readonly slowSeconds: number;
  readonly slowRounds: number;
  readonly starts: number;
  readonly idleAfterSeconds: number;
  readonly tags: number;
  readonly repositories: number;
  readonly mixSeconds: number;
  /** What docker-registry can keep up with on two cores shared with the client. */
  readonly mixPerSecond: number;
  /** Of each number of clients; wrk knows whole seconds only. */
  readonly scalingSeconds: number;
}

export interface BenchOptions {
  readonly pace: Pace;
  /** Ids of the rows to run; all when empty. */
  readonly only: readonly string[];
  /** What runs in Berth's place; another program only to try the benchmark itself. */
  readonly subject: RegistryName;
  readonly json?: string;
  readonly svg?: string;
  readonly markdown?: string;
}

interface Flags {
  readonly only?: string;
  readonly quick?: true;
  readonly fullLists?: true;
  readonly subject: RegistryName;
  readonly json?: string;
  readonly svg?: string;
  readonly markdown?: string;
}

const FULL: Pace = {
  rounds: 3,
  warmUpSeconds: 1,
  secondsPerRound: 3,
  largeBlobMib: 512,
  pullsPerRound: 4,
  slowClients: 300,
  slowSeconds: 6,
  slowRounds: 2,
  starts: 5,
  idleAfterSeconds: 3,
  tags: 3000,
  repositories: 300,
  mixSeconds: 13,
  mixPerSecond: 40,
  scalingSeconds: 1,
};

const QUICK: Partial<Pace> = {
  rounds: 2,
  warmUpSeconds: 0.5,
  secondsPerRound: 1,
  largeBlobMib: 128,
  pullsPerRound: 6,
  slowSeconds: 3,
  slowRounds: 1,
  starts: 2,
  idleAfterSeconds: 1,
  mixSeconds: 4,
};

/** Reads the command line. A run of everything writes the pages of the documentation; a partial one only what is named. */
export function parseOptions(argv: readonly string[], rowIds: readonly string[]): BenchOptions {
  const command = new Command("bench")
    .description("Measures Berth beside Debian's docker-registry and nginx (all must be installed, and wrk and curl).")
    .option("--only <rows>", `rows to run, separated by commas: ${rowIds.join(", ")}`)
    .option("--quick", "fewer and shorter rounds, less exact: about a minute and a half")
    .option("--full-lists", "100,000 tags and 10,000 repositories; filling them takes many minutes")
    .option("--json <file>", "write samples and verdicts")
    .option("--svg <file>", "write the chart")
    .option("--markdown <file>", "write the page")
    .addOption(
      Command.prototype.createOption("--subject <program>").default("berth").argParser(parseSubject).hideHelp(),
    )
    .parse([...argv], { from: "user" });
  const flags = command.opts<Flags>();
  const only = flags.only?.split(",") ?? [];
  const unknown = only.filter((id) => !rowIds.includes(id));
  if (unknown.length > 0) command.error(`no such row: ${unknown.join(", ")}; there are ${rowIds.join(", ")}`);
  const isWhole = only.length === 0 && flags.quick !== true && flags.subject === "berth";
  return {
    only,
    subject: flags.subject,
    pace: choosePace(flags),
    ...(isWhole ? DOCUMENTS : {}),
    ...chosenFiles(flags),
  };
}

const PROJECT = join(import.meta.dir, "..");
const DOCUMENTS = {
  json: join(PROJECT, "bench", "results", "latest.json"),
  svg: join(PROJECT, "docs", "bench.svg"),
  markdown: join(PROJECT, "docs", "bench.md"),
};

function choosePace(flags: Flags): Pace {
  const lists = flags.fullLists === true ? { tags: 100_000, repositories: 10_000 } : {};
  return { ...FULL, ...(flags.quick === true ? QUICK : {}), ...lists };
}

function chosenFiles({ json, svg, markdown }: Flags): Partial<Record<"json" | "svg" | "markdown", string>> {
  return {
    ...(json === undefined ? {} : { json }),
    ...(svg === undefined ? {} : { svg }),
    ...(markdown === undefined ? {} : { markdown }),
  };
}

function parseSubject(value: string): RegistryName {
  if (value === "berth" || value === "docker-registry") return value;
  throw new InvalidArgumentError("berth or docker-registry");
}
