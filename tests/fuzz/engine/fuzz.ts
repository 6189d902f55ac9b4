import { inputOf } from "./input-of.ts";
import { shrink } from "./shrink.ts";
import type { Check, FuzzTarget } from "./target.ts";

export interface FuzzOptions {
  /** Of the first input; the next ones count on from it. */
  readonly seed: number;
  /** Asked before each input. */
  readonly isEnough: (inputs: number) => boolean;
  /** An input that takes longer is a finding. Only for runs by hand: a suite must not depend on the machine's speed. */
  readonly deadlineMs?: number;
}

export interface FuzzResult {
  readonly inputs: number;
  readonly finding?: Finding;
}

export interface Finding {
  /** Makes the input again. */
  readonly seed: number;
  readonly error: unknown;
  /** As small as it could be made; empty when it is the whole run that left something behind. */
  readonly input: string;
}

/** Tries inputs until there are enough, or one is wrong, and looks at what the run has left behind. */
export async function fuzz(target: FuzzTarget, options: FuzzOptions): Promise<FuzzResult> {
  await target.start?.();
  const result = await tryInputs(target, options);
  const error = await faultOf(async () => target.finish?.(), "");
  // What is left behind by an input that was found wrong is no finding of its own.
  if (result.finding !== undefined || error === undefined) return result;
  return { ...result, finding: { seed: options.seed, error, input: "" } };
}

async function tryInputs(target: FuzzTarget, options: FuzzOptions): Promise<FuzzResult> {
  const check = options.deadlineMs === undefined ? target.check : withinTime(target.check, options.deadlineMs);
  let inputs = 0;
  for (; !options.isEnough(inputs); inputs++) {
    const seed = (options.seed + inputs) >>> 0;
    const input = inputOf(target, seed);
    const error = await faultOf(check, input);
    if (error === undefined) continue;
    const smallest = await shrink(input, async (candidate) => (await faultOf(check, candidate)) !== undefined);
    return { inputs: inputs + 1, finding: { seed, error: (await faultOf(check, smallest)) ?? error, input: smallest } };
  }
  return { inputs };
}

/** What somebody needs to see it again. */
export function describeFinding(target: FuzzTarget, { seed, error, input }: Finding): string {
  const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
  const shown = JSON.stringify(input);
  const short = shown.length > 2000 ? `${shown.slice(0, 2000)}… (${input.length} characters)` : shown;
  return [
    `${target.name}: ${reason}`,
    `smallest input: ${short}`,
    `again: npm run fuzz -- --only ${target.name} --seed ${seed}`,
  ].join("\n");
}

async function faultOf(check: Check, input: string): Promise<unknown> {
  try {
    const running = check(input);
    // Most checks are done at once, and waiting for nothing would take longer than they do.
    if (running !== undefined) await running;
    return undefined;
  } catch (error) {
    return error ?? new Error("threw nothing");
  }
}

function withinTime(check: Check, deadlineMs: number): Check {
  return async (input) => {
    const startedAtMs = performance.now();
    await check(input);
    const tookMs = performance.now() - startedAtMs;
    if (tookMs > deadlineMs) throw new Error(`took ${tookMs.toFixed(0)} ms, more than ${deadlineMs}`);
  };
}
