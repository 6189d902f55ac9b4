import { rm, statfs } from "node:fs/promises";
import { join } from "node:path";
import { pick, type BenchRun } from "../bench-run.ts";
import { pullWithCurl, pushWithCurl } from "../load/transfer-blob.ts";
import type { ProcessUsage } from "../peers/process-usage.ts";
import { REGISTRY_NAMES, type RegistryName } from "../peers/start-registry.ts";
import type { Figure, PeerName } from "../report/figure.ts";
import { hashWithOpenssl, makeLargeFile } from "./large-file.ts";
import type { Row } from "./row.ts";
import { describeTransfers, measureTransfer, type TransferSample } from "./transfer-sample.ts";

const REPOSITORY = "bench/huge";

interface LayerSample {
  readonly push: TransferSample;
  readonly pull: TransferSample;
  readonly afterPush: ProcessUsage;
  readonly afterPull: ProcessUsage;
}

/** A layer of 10 GiB up and down once, and the memory of the process meanwhile. Only with `--large`. */
export const largeLayer: Row = {
  id: "large",
  measure: async (run) => {
    const sizeGib = run.pace.hugeBlobGib;
    await requireSpace(run, sizeGib);
    const file = await makeLargeFile(run, sizeGib * 1024);
    const { digest } = await hashWithOpenssl(file);
    const samples = new Map<PeerName, readonly LayerSample[]>();
    for (const name of REGISTRY_NAMES) samples.set(name, [await moveLayer(run, name, file.path, digest)]);
    return figuresOf(`layer of ${sizeGib} GiB`, samples);
  },
};

async function moveLayer(run: BenchRun, name: RegistryName, file: string, digest: string): Promise<LayerSample> {
  const folder = `${name}-huge`;
  const peer = await run.startRegistry(name, folder);
  try {
    const push = await measureTransfer(peer, () => pushWithCurl(peer, REPOSITORY, file, digest));
    const afterPush = peer.usage();
    const pull = await measureTransfer(peer, () => pullWithCurl(peer, `/v2/${REPOSITORY}/blobs/${digest}`, 1));
    return { push, pull, afterPush, afterPull: peer.usage() };
  } finally {
    await peer.stop();
    await rm(join(run.folder, folder), { recursive: true, force: true });
  }
}

/** The file and one registry's copy, and a little air. */
async function requireSpace(run: BenchRun, sizeGib: number): Promise<void> {
  const { bavail, bsize } = await statfs(run.folder);
  const [neededGib, freeGib] = [sizeGib * 2 + 1, (bavail * bsize) / 2 ** 30];
  if (freeGib < neededGib) throw new Error(`${run.folder} has ${freeGib.toFixed(0)} GiB free, ${neededGib} are needed`);
}

function figuresOf(layer: string, samples: ReadonlyMap<PeerName, readonly LayerSample[]>): readonly Figure[] {
  const speed = { unit: "MB/s", better: "higher", targets: [] } as const;
  const pushes = new Map([...samples].map(([name, list]) => [name, list.map(({ push }) => push)]));
  const pulls = new Map([...samples].map(([name, list]) => [name, list.map(({ pull }) => pull)]));
  return [
    {
      ...speed,
      id: "large-push",
      title: `push of a ${layer}`,
      samples: pick(pushes, (sample) => sample.megabytesPerSecond),
      notes: [describeTransfers(pushes)],
    },
    {
      ...speed,
      id: "large-pull",
      title: `pull of a ${layer}`,
      samples: pick(pulls, (sample) => sample.megabytesPerSecond),
      notes: [describeTransfers(pulls)],
    },
    {
      id: "large-memory",
      title: `push and pull of a ${layer}`,
      unit: "MB resident at the peak",
      better: "lower",
      samples: pick(samples, ({ afterPull }) => afterPull.peakResidentMb),
      targets: [{ bound: "at most", value: 200 }],
      notes: [describeMemory(samples)],
    },
  ];
}

function describeMemory(samples: ReadonlyMap<PeerName, readonly LayerSample[]>): string {
  const parts = [...samples].flatMap(([name, list]) =>
    list.map(
      ({ afterPush, afterPull }) =>
        `${name} ${afterPush.residentMb.toFixed(0)} MB (peak ${afterPush.peakResidentMb.toFixed(0)}) after the push, ` +
        `${afterPull.residentMb.toFixed(0)} MB after the pull`,
    ),
  );
  return `a fresh process; ${parts.join("; ")}`;
}
