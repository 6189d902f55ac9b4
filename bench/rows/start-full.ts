import { pick, takeTurns } from "../bench-run.ts";
import { asRegistryName } from "../peers/start-registry.ts";
import type { Figure } from "../report/figure.ts";
import { describeSizes, fillLists, startFilled } from "./filled-lists.ts";
import type { Row } from "./row.ts";

/** Time to the first answer over a folder with much in it, and the memory afterwards; `start` has the empty folder. */
export const startFull: Row = {
  id: "start-full",
  measure: async (run) => {
    await fillLists(run);
    const samples = await takeTurns(run.registries, run.pace.rounds, async ({ name }) => {
      const peer = await startFilled(run, asRegistryName(name));
      await Bun.sleep(run.pace.idleAfterSeconds * 1000);
      const { residentMb } = peer.usage();
      await peer.stop();
      return { startMs: peer.startMs, residentMb };
    });
    const time: Figure = {
      id: "start-full",
      title: "start to first answer, full folder",
      unit: "ms",
      better: "lower",
      samples: pick(samples, (sample) => sample.startMs),
      targets: [{ bound: "at most", value: 250 }],
      notes: [describeSizes(run)],
    };
    const memory: Figure = {
      id: "idle-full",
      title: "idle memory, full folder",
      unit: "MB resident",
      better: "lower",
      samples: pick(samples, (sample) => sample.residentMb),
      targets: [{ bound: "at most", value: 80 }],
      notes: [],
    };
    return [time, memory];
  },
};
