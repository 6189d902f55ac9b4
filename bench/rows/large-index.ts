import { pick, takeTurns } from "../bench-run.ts";
import type { PutIndexes, PutIndexesResult } from "../load/put-indexes.ts";
import { runLoad } from "../load/run-load.ts";
import type { Figure, PeerName } from "../report/figure.ts";
import type { Row } from "./row.ts";

const CHILDREN = 1000;
const REPOSITORY = "bench/index";

/** PUT and GET of an index of a thousand manifests, each PUT with other bytes. */
export const largeIndex: Row = {
  id: "index",
  measure: async (run) => {
    const measure = async (port: number, seconds: number, seed: string): Promise<PutIndexesResult> => {
      const input = { port, repository: REPOSITORY, children: CHILDREN, seconds, seed };
      return (await runLoad<PutIndexes>("put-indexes", input, seconds + 60)).result;
    };
    for (const { port } of run.registries) await measure(port, run.pace.warmUpSeconds, "warm");
    const samples = await takeTurns(run.registries, run.pace.rounds, ({ port }, round) =>
      measure(port, run.pace.secondsPerRound / 2, `round${round}`),
    );
    const shared = { unit: "ms p50", better: "lower", targets: [] } as const;
    const put: Figure = {
      ...shared,
      id: "index-put",
      title: "PUT of an index of 1,000 manifests",
      samples: pick(samples, (sample) => sample.putMs),
      notes: [describe(samples)],
    };
    const get: Figure = {
      ...shared,
      id: "index-get",
      title: "GET of an index of 1,000 manifests",
      samples: pick(samples, (sample) => sample.getMs),
      notes: [],
    };
    return [put, get];
  },
};

function describe(samples: ReadonlyMap<PeerName, readonly PutIndexesResult[]>): string {
  const parts = [...samples].map(([name, list]) => `${name} ${list.reduce((sum, { puts }) => sum + puts, 0)}`);
  const kilobytes = [...samples.values()][0]?.[0]?.kilobytes ?? 0;
  return `${kilobytes.toFixed(0)} kB, one connection; indexes put in all rounds: ${parts.join(", ")}`;
}
