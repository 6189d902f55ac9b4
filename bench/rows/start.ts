import { pick, takeTurns, type BenchRun } from "../bench-run.ts";
import type { Figure, PeerName } from "../report/figure.ts";
import type { Row } from "./row.ts";

interface StartSample {
  readonly firstMs: number;
  readonly againMs: number;
  readonly idleMb: number;
}

/** Time from starting the program to its first 200, over an empty folder and over one it knows, and its idle memory. */
export const start: Row = {
  id: "start",
  measure: async (run) => {
    const samples = await takeTurns(run.registries, run.pace.starts, ({ name }, round) => startTwice(run, name, round));
    const time = { unit: "ms", better: "lower", targets: [{ bound: "at most", value: 250 }], notes: [] } as const;
    const first: Figure = {
      ...time,
      id: "start-first",
      title: "start to first answer, empty folder",
      samples: pick(samples, (sample) => sample.firstMs),
    };
    const again: Figure = {
      ...time,
      id: "start-again",
      title: "start to first answer, known folder",
      samples: pick(samples, (sample) => sample.againMs),
    };
    const idle: Figure = {
      id: "idle",
      title: "idle memory",
      unit: "MB resident",
      better: "lower",
      samples: pick(samples, (sample) => sample.idleMb),
      targets: [{ bound: "at most", value: 80 }],
      notes: [`${run.pace.idleAfterSeconds} s after the first answer`],
    };
    return [first, again, idle];
  },
};

async function startTwice(run: BenchRun, name: PeerName, round: number): Promise<StartSample> {
  const registry = name === "berth" ? name : "docker-registry";
  const folder = `${registry}-start-${round}`;
  const first = await run.startRegistry(registry, folder);
  await first.stop();
  const again = await run.startRegistry(registry, folder);
  await Bun.sleep(run.pace.idleAfterSeconds * 1000);
  const idleMb = again.usage().residentMb;
  await again.stop();
  return { firstMs: first.startMs, againMs: again.startMs, idleMb };
}
