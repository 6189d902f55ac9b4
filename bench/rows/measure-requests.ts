import { takeTurns, type BenchRun } from "../bench-run.ts";
import type { Peer } from "../peers/peer.ts";
import type { PeerName } from "../report/figure.ts";
import { median } from "../report/statistics.ts";

/** What a load counted, and what it cost on both sides. */
export interface RequestSample {
  readonly perSecond: number;
  readonly perServerCpuSecond: number;
  readonly serverCores: number;
  readonly clientCores: number;
}

export interface LoadCount {
  readonly count: number;
  readonly seconds: number;
  readonly clientCpuSeconds: number;
}

export type RequestSamples = ReadonlyMap<PeerName, readonly RequestSample[]>;

/** Warms every peer up, then lets them take turns under the load. */
export async function measureRequests(
  run: BenchRun,
  peers: readonly Peer[],
  load: (peer: Peer, seconds: number, round: number) => Promise<LoadCount>,
): Promise<RequestSamples> {
  for (const peer of peers) await load(peer, run.pace.warmUpSeconds, -1);
  return takeTurns(peers, run.pace.rounds, async (peer, round) => {
    const before = peer.usage().cpuSeconds;
    const { count, seconds, clientCpuSeconds } = await load(peer, run.pace.secondsPerRound, round);
    const serverCpuSeconds = peer.usage().cpuSeconds - before;
    return {
      perSecond: count / seconds,
      perServerCpuSecond: count / Math.max(serverCpuSeconds, 0.01),
      serverCores: serverCpuSeconds / seconds,
      clientCores: clientCpuSeconds / seconds,
    };
  });
}

/** Says who was busy, so that a reader sees whether a server or the client was the bound. */
export function describeCores(samples: RequestSamples): string {
  const parts = [...samples].map(([name, list]) => {
    const server = median(list.map((sample) => sample.serverCores));
    const client = median(list.map((sample) => sample.clientCores));
    return `${name} ${server.toFixed(2)} (client ${client.toFixed(2)}${client > 0.9 && server < 0.9 ? ", the bound" : ""})`;
  });
  return `cores busy: ${parts.join(", ")}`;
}
