import { join } from "node:path";
import type { BenchRun } from "../bench-run.ts";
import type { PushImages } from "../load/push-images.ts";
import { runLoad } from "../load/run-load.ts";
import { runWrk } from "../load/run-wrk.ts";
import type { Peer } from "../peers/peer.ts";
import type { Figure } from "../report/figure.ts";
import type { Row } from "./row.ts";
import { pushSeedImages, seedImages } from "./seed-images.ts";

const COUNTS = [1, 2] as const;

interface Crew {
  readonly count: number;
  readonly peer: Peer;
}

/** The same work for one serving process and for two: which of them suits this machine. */
export const processes: Row = {
  id: "processes",
  measure: async (run) => {
    const { manifests } = await seedImages(run);
    const pathsFile = join(run.folder, "processes-paths.txt");
    await Bun.write(pathsFile, manifests.join("\n"));
    const crews = await Promise.all(COUNTS.map((count) => startCrew(run, count)));
    const seconds = run.pace.secondsPerRound;
    const gets = await inTurns(run, crews, async (peer) => {
      const wrk = await runWrk({ peer, method: "GET", pathsFile, connections: 32, seconds });
      return wrk.requests / wrk.seconds;
    });
    const pushes = await inTurns(run, crews, async ({ port }, round) => {
      const input = { port, repository: "bench/images", concurrency: 8, seconds, seed: `processes-${round}` };
      const { result } = await runLoad<PushImages>("push-images", input, seconds + 20);
      return result.images / result.seconds;
    });
    await Promise.all(crews.map(({ peer }) => peer.stop()));
    return COUNTS.flatMap((count) => [
      figureOf(`processes-get-${count}`, `manifest GET by tag, ${describe(count)}`, "requests/s", gets.get(count)),
      figureOf(`processes-push-${count}`, `small image push, ${describe(count)}`, "images/s", pushes.get(count)),
    ]);
  },
};

async function startCrew(run: BenchRun, count: number): Promise<Crew> {
  const peer = await run.startRegistry("berth", `berth-processes-${count}`, { processes: count });
  await pushSeedImages(peer);
  return { count, peer };
}

async function inTurns(
  run: BenchRun,
  crews: readonly Crew[],
  measure: (peer: Peer, round: number) => Promise<number>,
): Promise<ReadonlyMap<number, readonly number[]>> {
  const samples = new Map<number, number[]>(COUNTS.map((count) => [count, []]));
  for (let round = 0; round < run.pace.rounds; round++)
    for (const { count, peer } of crews) samples.get(count)?.push(await measure(peer, round));
  return samples;
}

function describe(count: number): string {
  return count === 1 ? "1 process" : `${count} processes`;
}

function figureOf(id: string, title: string, unit: string, samples: readonly number[] = []): Figure {
  return { id, title, unit, better: "higher", samples: { berth: samples }, targets: [], notes: [] };
}
