import { describeFigures, figuresOf, type ProcessFigures } from "../../support/process-figures.ts";
import type { RunningRegistry } from "../../support/registry-process.ts";
import { makeSite, pullAll } from "./site.ts";
import { describeCounts, Traffic } from "./traffic.ts";
import { withLog } from "./with-log.ts";

export interface SoakOptions {
  readonly durationMs: number;
  /** Told a line now and then. */
  readonly report: (line: string) => void;
}

/** What a registry held over the time, the time in which it fills what it keeps for reuse left out. */
export interface SoakFigures {
  readonly requests: number;
  /** The most in the second quarter, and in the last. */
  readonly early: ProcessFigures;
  readonly late: ProcessFigures;
}

const samples = 40;
const shortestPauseMs = 20;
/** What is pushed stays: so much of it is about 2 GB. */
const stepsOfEach = 2500;

/**
 * Lets clients push, tag, mount, delete and pull for a while, and pulls everything in the end.
 *
 * @throws at the first answer that is no success, or not what was pushed.
 */
export async function soak(berth: RunningRegistry, { durationMs, report }: SoakOptions): Promise<SoakFigures> {
  const site = makeSite(berth, "soak");
  const traffic = new Traffic(berth.url);
  const seen: ProcessFigures[] = [];
  const pauseMs = Math.max(shortestPauseMs, durationMs / stepsOfEach);
  const working = withLog(berth, () => Promise.all(site.clients.map((client) => client.work(traffic, { pauseMs }))));
  const isWorking = (waitMs: number) => Promise.race([working.then(() => false), Bun.sleep(waitMs).then(() => true)]);
  while (seen.length < samples && (await isWorking(durationMs / samples))) {
    const figures = figuresOf(berth.pid);
    seen.push(figures);
    if (seen.length % 10 === 0)
      report(`${Math.round((seen.length * durationMs) / samples / 1000)} s: ${describeFigures(figures)}`);
  }
  traffic.end();
  await working;
  const requests = [...traffic.answered.values()].reduce((sum, each) => sum + each, 0);
  report(`${requests} requests, none failed: ${describeCounts(traffic.answered)}; ${await pullAll(site)}`);
  return {
    requests,
    early: highest(seen.slice(samples / 4, samples / 2)),
    late: highest(seen.slice((samples * 3) / 4)),
  };
}

/** The most of each. */
export function highest(figures: readonly ProcessFigures[]): ProcessFigures {
  return {
    residentBytes: Math.max(...figures.map(({ residentBytes }) => residentBytes)),
    openFiles: Math.max(...figures.map(({ openFiles }) => openFiles)),
  };
}

const toleratedBytes = 64 * 2 ** 20;
const toleratedFiles = 10;

/** @throws when more is held late than early, beyond what goes up and down in between. */
export function requireFlat({ early, late }: SoakFigures): void {
  const isFlat =
    late.residentBytes <= early.residentBytes + toleratedBytes && late.openFiles <= early.openFiles + toleratedFiles;
  if (isFlat) return;
  throw new Error(`it grows: ${describeFigures(early)} in the second quarter, ${describeFigures(late)} in the last`);
}
