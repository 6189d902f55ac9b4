/**
 * Asks everything that reads what strangers write with inputs that are nearly right:
 *
 *     npm run fuzz                                ten minutes
 *     npm run fuzz -- --minutes 60 --only door    longer, one target; several are separated by commas
 *     npm run fuzz -- --only ranges --seed 4711   from the input that a finding named
 *
 * The exit code is not 0 when something was found; it is told with its smallest input and how to see it again.
 */
import { randomInt } from "node:crypto";
import { parseArgs } from "node:util";

import { describeFinding, fuzz } from "../tests/fuzz/engine/fuzz.ts";
import type { FuzzTarget } from "../tests/fuzz/engine/target.ts";
import { TARGETS } from "../tests/fuzz/targets/index.ts";
import { stopDaemons } from "../tests/support/daemon.ts";
import { removeTemporaryFolders } from "../tests/support/temporary-folder.ts";

/** Far above what the largest input takes, and far below what a machine with other work needs to be slow by chance. */
const DEADLINE_MS = 5000;

interface Plan {
  readonly targets: readonly FuzzTarget[];
  readonly seed: number;
  readonly minutes: number;
}

function readPlan(): Plan {
  const { values } = parseArgs({
    options: { minutes: { type: "string", default: "10" }, only: { type: "string" }, seed: { type: "string" } },
  });
  const minutes = Number(values.minutes);
  if (!(minutes > 0)) throw new Error("--minutes wants a number above 0");
  const seed = values.seed === undefined ? randomInt(2 ** 31) : Number(values.seed);
  if (!Number.isSafeInteger(seed) || seed < 0) throw new Error("--seed wants a whole number");
  const names = values.only?.split(",");
  const targets = TARGETS.filter(({ name }) => names === undefined || names.includes(name));
  if (targets.length < (names?.length ?? 1))
    throw new Error(`--only wants names of: ${TARGETS.map(({ name }) => name).join(", ")}`);
  return { targets, seed, minutes };
}

/** @returns how many targets were found wanting. */
async function main({ targets, seed, minutes }: Plan): Promise<number> {
  console.log(`seed ${seed}, ${minutes} minutes for ${targets.length} targets`);
  console.log("target              inputs   inputs/s   findings");
  let findings = 0;
  for (const target of targets) if (!(await isSound(target, seed, (minutes * 60_000) / targets.length))) findings += 1;
  console.log(findings === 0 ? "nothing found" : `${findings} targets with a finding`);
  return findings;
}

async function isSound(target: FuzzTarget, seed: number, durationMs: number): Promise<boolean> {
  // First of all, so that it is seen which one does not come back.
  process.stdout.write(target.name.padEnd(15));
  const startedAtMs = performance.now();
  const passedMs = () => performance.now() - startedAtMs;
  const { inputs, finding } = await fuzz(target, {
    seed,
    // At least one, which is what a seed of a finding is given for.
    isEnough: (made) => made > 0 && passedMs() >= durationMs,
    deadlineMs: DEADLINE_MS,
  });
  const rate = (inputs / passedMs()) * 1000;
  const figures = [inputs, Math.round(rate), finding === undefined ? 0 : 1];
  console.log(figures.map((figure) => String(figure).padStart(11)).join(""));
  if (finding !== undefined) console.log(describeFinding(target, finding));
  return finding === undefined;
}

async function cleanUp(): Promise<void> {
  await stopDaemons();
  removeTemporaryFolders();
}

for (const signal of ["SIGINT", "SIGTERM"] as const)
  process.once(signal, () => void cleanUp().then(() => process.exit(130)));
try {
  process.exitCode = (await main(readPlan())) === 0 ? 0 : 1;
} finally {
  await cleanUp();
}
