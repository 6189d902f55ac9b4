import { type Finding, isAllWell, type ScrubOptions, type ScrubOutcome, scrubRegistry } from "../../app/index.ts";
import { readConfig } from "../read-config.ts";
import { ScrubProgressLine } from "./scrub-progress-line.ts";
import { describeFinding, describeRepair, describeScrub, describeUnknown } from "./scrub-report.ts";
import { StopRequest } from "../stop-request.ts";
import { tellFault } from "../tell-fault.ts";
import { EXIT_AGAIN, EXIT_CONFIG, EXIT_DATA, EXIT_IO, type Terminal } from "../terminal.ts";

export interface ScrubCommand extends Pick<
  ScrubOptions,
  "bytesPerSecond" | "restart" | "repairIndex" | "enterUnknown"
> {
  readonly path: string | undefined;
  /** Lines of JSON on standard output: one for each finding, and a last one with the summary. */
  readonly json: boolean;
}

/** `berth scrub`: verifies all content, says how far it is and what it found; returns the exit code. */
export async function scrubCommand(command: ScrubCommand, terminal: Terminal): Promise<number> {
  const loaded = readConfig(command.path, terminal);
  if (!loaded) return EXIT_CONFIG;
  const { json } = command;
  const writeJson = (value: object) => void terminal.stdout.write(`${JSON.stringify(value, errorsAsText)}\n`);
  const line = new ScrubProgressLine(terminal.stderr, performance.now.bind(performance));
  const onFinding = (finding: Finding) => (json ? writeJson({ finding }) : line.print(describeFinding(finding)));
  try {
    const outcome = await scrubRegistry(loaded.config, {
      ...command,
      signal: new StopRequest().signal,
      onFinding,
      onProgress: (state) => line.updateScrub(state),
      onRepaired: (repaired) => (json ? writeJson({ repaired }) : line.print(describeRepair(repaired))),
      onUnknown: (unknown) => (json ? writeJson({ unknown }) : line.print(describeUnknown(unknown))),
    });
    line.clear();
    if (json) writeJson({ summary: outcome });
    else terminal.stdout.write(describeScrub(outcome));
    return exitCodeOf(outcome);
  } catch (error) {
    line.clear();
    return tellFault(error, terminal);
  }
}

function exitCodeOf({ tally, isFinished }: ScrubOutcome): number {
  const { damaged, missing, damagedManifests } = tally;
  if (damaged + missing + damagedManifests > 0) return EXIT_DATA;
  if (!isFinished) return EXIT_AGAIN;
  return isAllWell(tally) ? 0 : EXIT_IO;
}

function errorsAsText(_: string, value: unknown): unknown {
  return value instanceof Error ? value.message : value;
}
