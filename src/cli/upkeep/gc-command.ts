import { collectGarbageOf, type CollectOptions, explainContentOf, type GarbageTally } from "../../app/index.ts";
import { describeCollection, describeExplanation } from "./gc-report.ts";
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

/** `berth gc`: removes what nothing names any more, or says what would go; returns the exit code. */
export async function gcCommand(command: GcCommand, terminal: Terminal): Promise<number> {
  const loaded = readConfig(command.path, terminal);
  if (!loaded) return EXIT_CONFIG;
  const { stdout, stderr } = terminal;
  const { dryRun, json, quiet } = command;
  const { signal } = new StopRequest();
  const line = new ProgressLine(stderr, () => performance.now(), { onTerminalOnly: true });
  try {
    if (!dryRun && !quiet) stderr.write("Looking for what nothing names any more. Bytes go ten seconds after that.\n");
    const onFailure = (error: Error) => line.print(`not removed: ${error.message}\n`);
    const onProgress = (now: GarbageTally) => line.update(() => ({ part: undefined, facts: factsOf(now) }));
    const tally = await collectGarbageOf(loaded.config, { ...command, signal, onFailure, onProgress });
    line.clear();
    if (json) stdout.write(`${JSON.stringify({ ...tally, dryRun })}\n`);
    else if (!quiet) stdout.write(describeCollection(tally, dryRun));
    if (tally.failed > 0) return EXIT_IO;
    return signal.aborted ? EXIT_AGAIN : 0;
  } catch (error) {
    line.clear();
    return tellFault(error, terminal);
  }
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
