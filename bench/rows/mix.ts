import { pick, takeTurns, type BenchRun } from "../bench-run.ts";
import { HttpConnection } from "../load/http-connection.ts";
import { makePopularImage, POPULAR_IMAGES } from "../load/layered-image.ts";
import { MIX_KINDS, type MixKind } from "../load/mix-client.ts";
import { pushBlob, putManifest } from "../load/push-blob.ts";
import { runLoad } from "../load/run-load.ts";
import type { RunMix, RunMixInput, RunMixResult } from "../load/run-mix.ts";
import type { Peer } from "../peers/peer.ts";
import type { Figure, PeerName } from "../report/figure.ts";
import { median } from "../report/statistics.ts";
import type { Row } from "./row.ts";
import { latencyFigures } from "./latency-figures.ts";

const CLIENTS = 32;
/** One client process cannot keep Berth busy when nobody pauses. */
const UNPACED_PROCESSES = 2;

interface MixSample extends Omit<RunMixResult, "latencies"> {
  /** Of each client process. */
  readonly latencies: readonly RunMixResult["latencies"][];
  readonly clientProcesses: number;
  readonly serverCpuSeconds: number;
  readonly clientCpuSeconds: number;
  readonly residentMb: number;
}

type MixSamples = ReadonlyMap<PeerName, readonly MixSample[]>;

/** A fleet that pulls, pushes and polls: its latencies at a fixed pace, and the most operations when nobody pauses. */
export const mix: Row = {
  id: "mix",
  measure: async (run) => {
    const { mixSeconds, mixPerSecond: operationsPerSecond, rounds, warmUpSeconds } = run.pace;
    for (const peer of run.registries) await pushPopularImages(peer);
    const fleet = { clients: CLIENTS, operationsPerSecond };
    for (const peer of run.registries) await measureMix(peer, { ...fleet, seconds: warmUpSeconds, seed: 99 });
    const paced = await takeTurns(run.registries, rounds, (peer, round) =>
      measureMix(peer, { ...fleet, seconds: mixSeconds, seed: round }),
    );
    const unpaced = await takeTurns(run.registries, rounds, (peer, round) =>
      measureMix(peer, { clients: CLIENTS, seconds: run.pace.secondsPerRound, seed: 100 + round }, UNPACED_PROCESSES),
    );
    return [...tableFigures(run, paced, unpaced), ...MIX_KINDS.flatMap((kind) => plotKind(paced, kind))];
  },
};

async function pushPopularImages({ port }: Peer): Promise<void> {
  const connection = await HttpConnection.open(port);
  for (let number = 0; number < POPULAR_IMAGES; number += 1) {
    const { repository, tag, config, layers, manifest } = makePopularImage(number);
    for (const part of [config, ...layers]) await pushBlob(connection, repository, part);
    await putManifest(connection, `/v2/${repository}/manifests/${tag}`, manifest);
  }
  connection.close();
}

async function measureMix(peer: Peer, order: Omit<RunMixInput, "port">, processes = 1): Promise<MixSample> {
  const before = peer.usage().cpuSeconds;
  const limitSeconds = order.seconds * 4 + 30;
  const inputs = Array.from({ length: processes }, (_, number) => ({
    ...order,
    port: peer.port,
    clients: order.clients / processes,
    seed: order.seed + number * 1000,
  }));
  const runs = await Promise.all(inputs.map((input) => runLoad<RunMix>("run-mix", input, limitSeconds)));
  const { cpuSeconds, residentMb } = peer.usage();
  const sum = (value: (run: (typeof runs)[number]) => number): number =>
    runs.reduce((total, run) => total + value(run), 0);
  return {
    operations: sum(({ result }) => result.operations),
    seconds: Math.max(...runs.map(({ result }) => result.seconds)),
    pulledMegabytes: sum(({ result }) => result.pulledMegabytes),
    latencies: runs.map(({ result }) => result.latencies),
    clientProcesses: processes,
    clientCpuSeconds: sum((run) => run.clientCpuSeconds),
    serverCpuSeconds: cpuSeconds - before,
    residentMb,
  };
}

function tableFigures({ pace }: BenchRun, paced: MixSamples, unpaced: MixSamples): readonly Figure[] {
  const offered = `${pace.mixPerSecond} operations/s`;
  return [
    {
      id: "mix",
      title: "realistic mix, nobody pauses",
      unit: "operations/s",
      better: "higher",
      samples: pick(unpaced, (sample) => sample.operations / sample.seconds),
      targets: [],
      notes: [
        `${CLIENTS} clients of 3 connections; 80 % pulls of ten images of five layers (6.6 MB), 8 % pushes that change one ` +
          `layer of 0.25 MB and the config, 12 % HEAD of a tag; ${describeMix(unpaced)}`,
      ],
    },
    {
      id: "mix-cpu",
      title: `realistic mix, price at ${offered}`,
      unit: "server CPU seconds per 1,000 operations",
      better: "lower",
      samples: pick(paced, (sample) => (sample.serverCpuSeconds / sample.operations) * 1000),
      targets: [],
      notes: [`the latencies are of this pace; ${describeMix(paced)}`],
    },
    {
      id: "mix-memory",
      title: `realistic mix, memory at ${offered}`,
      unit: "MB resident after a round",
      better: "lower",
      samples: pick(paced, (sample) => sample.residentMb),
      targets: [],
      notes: [`round by round: ${describeRounds(paced)}`],
    },
  ];
}

function plotKind(samples: MixSamples, kind: MixKind): readonly Figure[] {
  const latencies = new Map(
    [...samples].map(([name, list]) => [name, list.map((sample) => sample.latencies.flatMap((one) => one[kind]))]),
  );
  const id = `mix-${kind.toLowerCase().replaceAll(" ", "-")}`;
  return latencyFigures(latencies, { id, plot: "mix", panel: kind });
}

function describeMix(samples: MixSamples): string {
  const parts = [...samples].map(([name, list]) => {
    const middle = (value: (sample: MixSample) => number): number => median(list.map(value));
    const server = middle((sample) => sample.serverCpuSeconds / sample.seconds);
    const client = middle((sample) => sample.clientCpuSeconds / sample.seconds);
    const rate = middle((sample) => sample.operations / sample.seconds);
    const megabytes = middle((sample) => sample.pulledMegabytes / sample.seconds);
    const clientsAreBusy = list.every(
      (sample) => sample.clientCpuSeconds > 0.9 * sample.seconds * sample.clientProcesses,
    );
    const bound = clientsAreBusy && server < 0.9 ? ", the bound" : "";
    return (
      `${name} ${rate.toFixed(0)} operations/s, ${megabytes.toFixed(0)} MB/s, ` +
      `cores busy ${server.toFixed(2)} (client ${client.toFixed(2)}${bound})`
    );
  });
  return parts.join("; ");
}

function describeRounds(samples: MixSamples): string {
  return [...samples]
    .map(([name, list]) => `${name} ${list.map(({ residentMb }) => residentMb.toFixed(0)).join(", ")}`)
    .join("; ");
}
