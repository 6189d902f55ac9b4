import { pick, takeTurns, type BenchRun } from "../bench-run.ts";
import { runLoad } from "../load/run-load.ts";
import type { SlowClients, SlowClientsInput } from "../load/slow-clients.ts";
import { pushWithCurl } from "../load/transfer-blob.ts";
import type { Peer } from "../peers/peer.ts";
import type { RegistryName } from "../peers/start-registry.ts";
import type { Figure, PeerName } from "../report/figure.ts";
import { median } from "../report/statistics.ts";
import { hashWithOpenssl, makeLargeFile } from "./large-file.ts";
import type { Row } from "./row.ts";

const REPOSITORY = "bench/slow";

interface SlowSample {
  readonly peakResidentMb: number;
  readonly served: number;
  readonly megabytes: number;
}

/** Memory of a fresh server while many clients pull a large blob and hardly read. */
export const slowPulls: Row = {
  id: "slow-pulls",
  measure: async (run) => {
    const file = await makeLargeFile(run, run.pace.largeBlobMib);
    const { digest } = await hashWithOpenssl(file);
    for (const name of REGISTRIES) {
      const peer = await run.startRegistry(name, folderOf(name));
      await pushWithCurl(peer, REPOSITORY, file.path, digest);
      await peer.stop();
    }
    return [await measureSlowClients(run, "pull", `/v2/${REPOSITORY}/blobs/${digest}`)];
  },
};

/** Memory of a fresh server while many clients push and hardly send. */
export const slowPushes: Row = {
  id: "slow-pushes",
  measure: async (run) => [await measureSlowClients(run, "push", REPOSITORY)],
};

const REGISTRIES: readonly RegistryName[] = ["berth", "docker-registry"];

async function measureSlowClients(run: BenchRun, kind: "pull" | "push", target: string): Promise<Figure> {
  const { slowClients: clients, slowSeconds: seconds, slowRounds } = run.pace;
  const samples = await takeTurns(run.registries, slowRounds, async ({ name }) => {
    const registry = name === "berth" ? name : "docker-registry";
    const peer = await run.startRegistry(registry, folderOf(registry));
    try {
      return await measureOne(peer, { port: peer.port, kind, clients, target, seconds });
    } finally {
      await peer.stop();
    }
  });
  return {
    id: `slow-${kind}s`,
    title: kind === "pull" ? `${clients} slow pulls` : `${clients} slow pushes`,
    unit: "MB resident at the peak",
    better: "lower",
    samples: pick(samples, (sample) => sample.peakResidentMb),
    targets: [{ bound: "at most", value: 100 }],
    notes: [`256 KiB/s each for ${seconds} s on a fresh process; ${describeMoved(samples)}`],
  };
}

async function measureOne(peer: Peer, input: SlowClientsInput): Promise<SlowSample> {
  const limitSeconds = input.seconds + 60;
  const { result } = await runLoad<SlowClients>("slow-clients", input, limitSeconds);
  if (result.served < input.clients / 2) throw new Error(`${peer.name} served only ${result.served} clients`);
  return { ...result, peakResidentMb: peer.usage().peakResidentMb };
}

/** A server that serves few clients needs little memory: the reader must see that it served them. */
function describeMoved(samples: ReadonlyMap<PeerName, readonly SlowSample[]>): string {
  const parts = [...samples].map(([name, list]) => {
    const served = Math.min(...list.map((sample) => sample.served));
    return `${name} served ${served} and moved ${median(list.map((sample) => sample.megabytes)).toFixed(0)} MB`;
  });
  return parts.join(", ");
}

function folderOf(name: RegistryName): string {
  return `${name}-slow`;
}
