import { join } from "node:path";
import { pick, takeTurns, type BenchRun } from "../bench-run.ts";
import { runProgram } from "../load/run-load.ts";
import { asRegistryName, type RegistryName } from "../peers/start-registry.ts";
import type { Figure } from "../report/figure.ts";
import type { Row } from "./row.ts";

interface StartSample {
  readonly firstMs: number;
  readonly againMs: number;
  readonly idleMb: number;
}

/** How the figures of one way to start are named. */
interface Naming {
  readonly idPrefix: string;
  readonly titlePrefix: string;
}

/** Time from starting the program of a checkout to its first 200, over an empty folder and over one it knows, and its idle memory. */
export const start: Row = {
  id: "start",
  measure: (run) => measureStarts(run, { idPrefix: "", titlePrefix: "" }),
};

/** The same of what releases and images hold: one file, compiled ahead. */
export const startExecutable: Row = {
  id: "start-executable",
  measure: async (run) => {
    const executable = join(run.folder, "berth-executable");
    const script = join(import.meta.dir, "..", "..", "scripts", "build-executable.ts");
    await runProgram([process.execPath, script, `--outfile=${executable}`], 120);
    return measureStarts(run, { idPrefix: "executable-", titlePrefix: "executable, " }, executable);
  },
};

async function measureStarts(
  run: BenchRun,
  { idPrefix, titlePrefix }: Naming,
  executable?: string,
): Promise<readonly Figure[]> {
  const samples = await takeTurns(run.registries, run.pace.starts, ({ name }, round) => {
    const registry = asRegistryName(name);
    return startTwice(run, registry, { folder: `${idPrefix}${registry}-start-${round}`, executable });
  });
  const time = { unit: "ms", better: "lower", targets: [{ bound: "at most", value: 250 }], notes: [] } as const;
  const first: Figure = {
    ...time,
    id: `${idPrefix}start-first`,
    title: `${titlePrefix}start to first answer, empty folder`,
    samples: pick(samples, (sample) => sample.firstMs),
  };
  const again: Figure = {
    ...time,
    id: `${idPrefix}start-again`,
    title: `${titlePrefix}start to first answer, known folder`,
    samples: pick(samples, (sample) => sample.againMs),
  };
  const idle: Figure = {
    id: `${idPrefix}idle`,
    title: `${titlePrefix}idle memory`,
    unit: "MB resident",
    better: "lower",
    samples: pick(samples, (sample) => sample.idleMb),
    targets: [{ bound: "at most", value: 80 }],
    notes: [`${run.pace.idleAfterSeconds} s after the first answer`],
  };
  return [first, again, idle];
}

async function startTwice(
  run: BenchRun,
  registry: RegistryName,
  { folder, executable }: { readonly folder: string; readonly executable: string | undefined },
): Promise<StartSample> {
  const setup = registry === "berth" && executable !== undefined ? { executable } : {};
  const first = await run.startRegistry(registry, folder, setup);
  await first.stop();
  const again = await run.startRegistry(registry, folder, setup);
  await Bun.sleep(run.pace.idleAfterSeconds * 1000);
  const idleMb = again.usage().residentMb;
  await again.stop();
  return { firstMs: first.startMs, againMs: again.startMs, idleMb };
}
