import { join } from "node:path";
import { Command, InvalidArgumentError } from "commander";
import type { RegistryName } from "./peers/start-registry.ts";

/** How much is measured; `--quick` and `--full-lists` choose among these. */
export interface Pace {
  readonly rounds: number;
  readonly warmUpSeconds: number;
  readonly secondsPerRound: number;
  readonly largeBlobMib: number;
  readonly hugeBlobGib: number;
  readonly pullsPerRound: number;
  readonly slowClients: number;
  readonly slowSeconds: number;
  readonly slowRounds: number;
  readonly starts: number;
  readonly idleAfterSeconds: number;
  /** What Berth's lists are measured with. */
  readonly lists: ListSizes;
  /** The same for docker-registry, which would take most of an hour to be filled. */
  readonly peerLists: ListSizes;
  readonly mixSeconds: number;
  /** What docker-registry can keep up with on two cores shared with the client. */
  readonly mixPerSecond: number;
  /** Of each number of clients; wrk knows whole seconds only. */
  readonly scalingSeconds: number;
}

export interface ListSizes {
  readonly tags: number;
  readonly repositories: number;
}

export interface BenchOptions {
  readonly pace: Pace;
  /** Ids of the rows to run. */
  readonly only: readonly string[];
  /** What runs in Berth's place; another program only to try the benchmark itself. */
  readonly subject: RegistryName;
  /** JSON of an earlier run to compare with. */
  readonly against?: string;
  /** JSON of a run to read instead of running. */
  readonly from?: string;
  readonly limitMinutes: number;
  readonly files: OutputFiles;
}

/** What is written where; what is not named is not written. */
export interface OutputFiles {
  readonly json?: string;
  readonly svg?: string;
  readonly markdown?: string;
  readonly comparison?: string;
}

interface Flags extends OutputFiles {
  readonly only?: string;
  readonly quick?: true;
  readonly large?: true;
  readonly fullLists?: true;
  readonly against?: string;
  readonly from?: string;
  readonly subject: RegistryName;
}

const FULL: Pace = {
  rounds: 3,
  warmUpSeconds: 1,
  secondsPerRound: 3,
  largeBlobMib: 512,
  hugeBlobGib: 10,
  pullsPerRound: 4,
  slowClients: 300,
  slowSeconds: 6,
  slowRounds: 2,
  starts: 5,
  idleAfterSeconds: 3,
  lists: { tags: 100_000, repositories: 10_000 },
  peerLists: { tags: 3000, repositories: 300 },
  mixSeconds: 11,
  mixPerSecond: 40,
  scalingSeconds: 1,
};

const QUICK: Partial<Pace> = {
  rounds: 2,
  warmUpSeconds: 0.5,
  secondsPerRound: 1,
  largeBlobMib: 128,
  hugeBlobGib: 1,
  pullsPerRound: 6,
  slowSeconds: 3,
  slowRounds: 1,
  starts: 2,
  idleAfterSeconds: 1,
  lists: { tags: 3000, repositories: 300 },
  mixSeconds: 4,
};

/** Reads the command line. A run of everything writes the pages of the documentation; a partial one only what is named. */
export function parseOptions(argv: readonly string[], rowIds: readonly string[]): BenchOptions {
  const command = new Command("bench")
    .description("Measures Berth beside Debian's docker-registry and nginx (all must be installed, and wrk and curl).")
    .option("--only <rows>", `rows to run, separated by commas: ${rowIds.join(", ")}`)
    .option("--quick", "fewer and shorter rounds and short lists, less exact: about five minutes")
    .option("--full-lists", "long lists for docker-registry, too; filling them takes most of an hour")
    .option("--large", "also the rows that need much disk and time: a layer of 10 GiB (1 GiB with --quick)")
    .option("--against <file>", "compare with the JSON of an earlier run, row by row")
    .option("--from <file>", "run nothing: print, write or compare the JSON of a run")
    .option("--json <file>", "write samples and verdicts")
    .option("--svg <file>", "write the chart, and the plots beside it")
    .option("--markdown <file>", "write the page")
    .option("--comparison <file>", "write what --against found")
    .addOption(
      Command.prototype.createOption("--subject <program>").default("berth").argParser(parseSubject).hideHelp(),
    )
    .parse([...argv], { from: "user" });
  const flags = command.opts<Flags>();
  const only = flags.only?.split(",") ?? [];
  const unknown = only.filter((id) => !rowIds.includes(id));
  if (unknown.length > 0) command.error(`no such row: ${unknown.join(", ")}; there are ${rowIds.join(", ")}`);
  const isWhole = only.length === 0 && flags.quick !== true && flags.subject === "berth" && flags.from === undefined;
  return {
    only: only.length > 0 ? only : rowIds.filter((id) => flags.large === true || !OPTIONAL_ROWS.has(id)),
    subject: flags.subject,
    pace: choosePace(flags),
    limitMinutes: flags.fullLists === true || flags.large === true || only.length > 0 ? 120 : 25,
    ...(flags.against === undefined ? {} : { against: flags.against }),
    ...(flags.from === undefined ? {} : { from: flags.from }),
    files: { ...(isWhole ? DOCUMENTS : {}), ...chosenFiles(flags) },
  };
}

/** Rows that only `--large` or their name brings into a run. */
const OPTIONAL_ROWS: ReadonlySet<string> = new Set(["large"]);

const PROJECT = join(import.meta.dir, "..");
const DOCUMENTS: OutputFiles = {
  json: join(PROJECT, "bench", "results", "latest.json"),
  svg: join(PROJECT, "docs", "bench.svg"),
  markdown: join(PROJECT, "docs", "bench.md"),
};

function choosePace(flags: Flags): Pace {
  const pace = { ...FULL, ...(flags.quick === true ? QUICK : {}) };
  return flags.fullLists === true ? { ...pace, peerLists: FULL.lists, lists: FULL.lists } : pace;
}

function chosenFiles({ json, svg, markdown, comparison }: Flags): OutputFiles {
  return {
    ...(json === undefined ? {} : { json }),
    ...(svg === undefined ? {} : { svg }),
    ...(markdown === undefined ? {} : { markdown }),
    ...(comparison === undefined ? {} : { comparison }),
  };
}

function parseSubject(value: string): RegistryName {
  if (value === "berth" || value === "docker-registry") return value;
  throw new InvalidArgumentError("berth or docker-registry");
}
