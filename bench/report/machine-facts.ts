import { cpus, loadavg, release, totalmem } from "node:os";

/** What a reader must know of the machine before believing a figure. */
export interface MachineFacts {
  readonly cores: number;
  readonly processor: string;
  /** Whether the processor hashes SHA-256 in hardware, which moves the bound of a push from hashing to the disk. */
  readonly shaInstructions: boolean;
  readonly memoryGib: number;
  readonly kernel: string;
  /** Programs that wanted to run before the benchmark began, averaged over a minute; near 0 on a quiet machine. */
  readonly loadBefore: number;
  readonly versions: Readonly<Record<string, string>>;
}

/** Above this, other programs take a part of the cores, and the figures are worth less. */
const QUIET_LOAD = 0.5;

/** Reads the machine's facts and the versions of everything that takes part. */
export async function readMachineFacts(
  versionCommands: Readonly<Record<string, readonly string[]>>,
): Promise<MachineFacts> {
  const cpuinfo = await Bun.file("/proc/cpuinfo").text();
  const versions = Object.entries(versionCommands).map(([name, command]) => [name, readVersion(command)] as const);
  return {
    cores: cpus().length,
    processor: cpus()[0]?.model ?? "unknown",
    shaInstructions: /\bsha_ni\b|\bsha2\b/.test(cpuinfo),
    memoryGib: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    loadBefore: loadavg()[0] ?? 0,
    versions: Object.fromEntries(versions),
  };
}

/** The facts as one line. */
export function describeMachine(facts: MachineFacts): string {
  const sha = facts.shaInstructions ? "SHA instructions" : "no SHA instructions";
  const versions = Object.entries(facts.versions).map(([name, version]) => `${name} ${version}`);
  const load = facts.loadBefore > QUIET_LOAD ? `, NOT QUIET: load ${facts.loadBefore.toFixed(1)} before the run` : "";
  return `${facts.cores} cores (${facts.processor}, ${sha}), ${facts.memoryGib} GiB, Linux ${facts.kernel}${load}; ${versions.join(", ")}`;
}

/** First version number that the program prints; some print it on standard error. */
function readVersion(command: readonly string[]): string {
  try {
    const run = Bun.spawnSync([...command], { stdout: "pipe", stderr: "pipe" });
    return /\d+\.\d+[\w.+-]*/.exec(run.stdout.toString() + run.stderr.toString())?.[0] ?? "unknown";
  } catch {
    return "missing";
  }
}
