import { collectGarbageOf, type CollectOptions, explainContentOf, type GarbageTally } from "../../app/index.ts";
import type { Config } from "../../config/index.ts";
import { type DryRunReport, DryRunJson, DryRunTable } from "./gc-dry-run.ts";
import { describeCollection, describeExplanation } from "./gc-report.ts";
import { localActor } from "../local-actor.ts";
import { type Write, writeLong } from "../long-output.ts";
import { ProgressLine } from "../progress-line.ts";
import { count, formatBytes } from "../quantities.ts";
import { readConfig } from "../read-config.ts";
import { StopRequest } from "../stop-request.ts";
import { tellFault } from "../tell-fault.ts";
import { EXIT_AGAIN, EXIT_CONFIG, EXIT_IO, EXIT_NO_INPUT, type Terminal } from "../terminal.ts";

export interface GcCommand extends Pick<CollectOptions, "dryRun" | "windowMs" | "deleteUntagged"> {
  readonly path: string | undefined;
  readonly json: boolean;
  /** Says nothing unless something goes wrong. */
  readonly quiet: boolean;
}

/** `berth gc`: removes what nothing names any more, or says what would go, and why; returns the exit code. */
export async function gcCommand(command: GcCommand, terminal: Terminal): Promise<number> {
  const loaded = readConfig(command.path, terminal);
  if (!loaded) return EXIT_CONFIG;
  const line = new ProgressLine(terminal.stderr, () => performance.now(), { onTerminalOnly: true });
  try {
    return await writeLong(terminal, (write) => collect(loaded.config, command, { terminal, line, write }));
  } catch (error) {
    line.clear();
    return tellFault(error, terminal);
  }
}

interface Outputs {
  readonly terminal: Terminal;
  readonly line: ProgressLine;
  readonly write: Write;
}

async function collect(config: Config, command: GcCommand, { terminal, line, write }: Outputs): Promise<number> {
  const { dryRun, json, quiet } = command;
  const { signal } = new StopRequest();
  if (!dryRun && !quiet)
    terminal.stderr.write("Looking for what nothing names any more. Bytes go ten seconds after that.\n");
  const report = openDryRunReport(command, terminal, write);
  const tally = await collectGarbageOf(config, {
    ...command,
    actor: localActor(),
    signal,
    onFailure: (error) => line.print(`not removed: ${error.message}\n`),
    onProgress: (now) => line.update(() => ({ part: undefined, facts: factsOf(now) })),
    onWouldGo(removals) {
      line.clear();
      return report?.add(removals);
    },
  });
  line.clear();
  if (report) await report.end(tally);
  else if (json) await write(`${JSON.stringify({ ...tally, dryRun })}\n`);
  else if (!quiet) await write(describeCollection(tally, dryRun));
  if (tally.failed > 0) return EXIT_IO;
  return signal.aborted ? EXIT_AGAIN : 0;
}

/** `undefined`: nobody asks for one. */
function openDryRunReport(
  { dryRun, json, quiet }: GcCommand,
  { stdout }: Terminal,
  write: Write,
): DryRunReport | undefined {
  if (!dryRun) return undefined;
  if (json) return new DryRunJson(write);
  return quiet ? undefined : new DryRunTable(write, stdout.isTTY ? stdout.columns || undefined : undefined);
}

function factsOf({ candidates, manifests, blobs, freedBytes }: GarbageTally): readonly string[] {
  const gone = `${count(manifests, "manifest")} and ${count(blobs, "blob")} (${formatBytes(freedBytes)}) unneeded`;
  return [`${count(candidates, "candidate")} looked at`, gone];
}

export interface GcExplainCommand {
  readonly digest: string;
  readonly path: string | undefined;
  readonly json: boolean;
}

/** `berth gc explain`: what keeps a blob or a manifest, or what removed it; returns the exit code. */
export async function gcExplainCommand(command: GcExplainCommand, terminal: Terminal): Promise<number> {
  const loaded = readConfig(command.path, terminal);
  if (!loaded) return EXIT_CONFIG;
  try {
    const explanation = await explainContentOf(loaded.config, command.digest);
    const text = command.json ? `${JSON.stringify(explanation)}\n` : describeExplanation(explanation);
    terminal.stdout.write(text);
    const { blob, manifests, bin, removals } = explanation;
    return blob || manifests.length + bin.length + removals.length > 0 ? 0 : EXIT_NO_INPUT;
  } catch (error) {
    return tellFault(error, terminal);
  }
}
