import { join } from "node:path";
import { pick, takeTurns, type BenchRun } from "../bench-run.ts";
import { runWrk, type WrkRun } from "../load/run-wrk.ts";
import type { Figure, PeerName } from "../report/figure.ts";
import { median } from "../report/statistics.ts";
import type { Row } from "./row.ts";
import { seedImages } from "./seed-images.ts";

const CLIENTS = [1, 4, 16, 64, 256] as const;
const ROUNDS = 2;

type WrkSamples = ReadonlyMap<PeerName, readonly WrkRun[]>;

/** Requests a second and the slowest hundredth for ever more clients that ask without a pause. */
export const scaling: Row = {
  id: "scaling",
  measure: async (run) => {
    const { manifests, blobs } = await seedImages(run);
    const kinds = [
      { id: "manifest", title: "manifest GET", paths: manifests },
      { id: "blob", title: "small blob GET", paths: blobs },
    ];
    const figures: Figure[] = [];
    for (const { id, title, paths } of kinds) {
      const byClients = await measureByClients(run, id, paths);
      figures.push(...byClients.map((one) => ratePoint(id, title, one)));
      figures.push(...byClients.map((one) => latencyPoint(id, title, one)));
    }
    return figures;
  },
};

interface Point {
  readonly clients: number;
  readonly samples: WrkSamples;
}

async function measureByClients(run: BenchRun, id: string, paths: readonly string[]): Promise<readonly Point[]> {
  const pathsFile = join(run.folder, `scaling-${id}.txt`);
  await Bun.write(pathsFile, paths.join("\n"));
  const points: Point[] = [];
  for (const clients of CLIENTS) {
    const samples = await takeTurns(run.withNginx, ROUNDS, (peer) =>
      runWrk({ peer, method: "GET", pathsFile, connections: clients, seconds: run.pace.scalingSeconds }),
    );
    points.push({ clients, samples });
  }
  return points;
}

function ratePoint(id: string, title: string, { clients, samples }: Point): Figure {
  return {
    id: `scaling-${id}-rate-${clients}`,
    title: `${title}, ${clients} clients`,
    unit: "requests/s",
    better: "higher",
    samples: pick(samples, (sample) => sample.requests / sample.seconds),
    targets: [],
    notes: describeBound(samples),
    place: { plot: "scaling", panel: title, at: String(clients) },
  };
}

function latencyPoint(id: string, title: string, { clients, samples }: Point): Figure {
  return {
    id: `scaling-${id}-p99-${clients}`,
    title: `${title}, ${clients} clients, p99`,
    unit: "ms",
    better: "lower",
    samples: pick(samples, (sample) => sample.p99Ms),
    targets: [],
    notes: [],
    place: { plot: "scaling", panel: `${title}, p99`, at: String(clients) },
  };
}

/** Says for which servers wrk itself was the bound; most points need no note. */
function describeBound(samples: WrkSamples): readonly string[] {
  const bound = [...samples].flatMap(([name, list]) => {
    const cores = median(list.map((sample) => sample.clientCpuSeconds / sample.seconds));
    return cores > 0.9 ? [`${name} (wrk ${cores.toFixed(2)} cores)`] : [];
  });
  return bound.length === 0 ? [] : [`the client may be the bound: ${bound.join(", ")}`];
}
