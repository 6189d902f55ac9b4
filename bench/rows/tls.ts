import { join } from "node:path";
import { pick, takeTurns, type BenchRun } from "../bench-run.ts";
import { runProgram } from "../load/run-load.ts";
import { pullWithCurl, pushWithCurl, sendWithCurl, type Transfer } from "../load/transfer-blob.ts";
import { makeCertificate } from "../peers/make-certificate.ts";
import type { Peer } from "../peers/peer.ts";
import { NGINX_UPLOADS, putStaticFile } from "../peers/start-nginx.ts";
import { REGISTRY_NAMES } from "../peers/start-registry.ts";
import type { Figure, Target } from "../report/figure.ts";
import { changeLargeFile, hashWithOpenssl, makeLargeFile, type LargeFile } from "./large-file.ts";
import { measureGets } from "./measure-gets.ts";
import { describeCores } from "./measure-requests.ts";
import type { Row } from "./row.ts";
import { pushSeedImages, seedImageFiles } from "./seed-images.ts";
import { describeTransfers, measureTransfer } from "./transfer-sample.ts";

const REPOSITORY = "bench/large";
const NGINX_FOLDER = "nginx-tls";
/** At most 1.3 times the time that nginx takes. */
const NEAR_NGINX: Target = { against: "nginx", bound: "at least", value: 0.77 };

/** The transfers and the hot look-up again over TLS, beside nginx with the same certificate. */
export const tls: Row = {
  id: "tls",
  measure: async (run) => {
    const certificate = await makeCertificate(run.folder);
    const peers: Peer[] = [];
    try {
      for (const name of REGISTRY_NAMES) peers.push(await run.startRegistry(name, `${name}-tls`, { certificate }));
      peers.push(await run.startTlsNginx(NGINX_FOLDER, certificate));
      const file = await makeLargeFile(run, run.pace.largeBlobMib);
      return [
        await measureManifests(run, peers),
        ...(await measurePulls(run, peers, file)),
        await measurePushes(run, peers, file),
      ];
    } finally {
      await Promise.all(peers.map((peer) => peer.stop()));
    }
  },
};

async function measureManifests(run: BenchRun, peers: readonly Peer[]): Promise<Figure> {
  for (const peer of peers.filter(({ name }) => name !== "nginx")) await pushSeedImages(peer);
  const { manifests } = await seedImageFiles(join(run.folder, NGINX_FOLDER));
  const samples = await measureGets(run, peers, manifests);
  return {
    id: "tls-manifest-get",
    title: "manifest GET by tag over TLS",
    unit: "requests/s",
    better: "higher",
    samples: pick(samples, (sample) => sample.perSecond),
    targets: [NEAR_NGINX],
    notes: [describeCores(samples)],
  };
}

async function measurePulls(run: BenchRun, peers: readonly Peer[], file: LargeFile): Promise<readonly Figure[]> {
  const { digest } = await hashWithOpenssl(file);
  const path = `/v2/${REPOSITORY}/blobs/${digest}`;
  for (const peer of peers) {
    if (peer.name === "nginx") await putStaticFile(join(run.folder, NGINX_FOLDER), path, Bun.file(file.path));
    else await pushWithCurl(peer, REPOSITORY, file.path, digest);
    await pullWithCurl(peer, path, 1);
  }
  const samples = await takeTurns(peers, run.pace.rounds, (peer) =>
    measureTransfer(peer, () => pullWithCurl(peer, path, run.pace.pullsPerRound / 2)),
  );
  return [
    {
      id: "tls-pull",
      title: "pull of a large blob over TLS",
      unit: "MB/s",
      better: "higher",
      samples: pick(samples, (sample) => sample.megabytesPerSecond),
      targets: [NEAR_NGINX],
      notes: [`TLS 1.3 with AES-128-GCM, HTTP/1.1; ${describeTransfers(samples)}`],
    },
    {
      id: "tls-pull-cpu",
      title: "pull of a large blob over TLS, price",
      unit: "server CPU seconds per GB",
      better: "lower",
      samples: pick(samples, (sample) => sample.serverCpuPerGigabyte),
      targets: [],
      notes: [],
    },
  ];
}

async function measurePushes(run: BenchRun, peers: readonly Peer[], file: LargeFile): Promise<Figure> {
  let number = 0;
  const samples = await takeTurns(peers, run.pace.rounds, async (peer) => {
    await changeLargeFile(file);
    const { digest } = await hashWithOpenssl(file);
    await runProgram(["sync", "-f", run.folder], 120);
    const toNginx = (): Promise<Transfer> => pushToNginx(run, peer, file, `blob-${number++}`);
    return measureTransfer(peer, () =>
      peer.name === "nginx" ? toNginx() : pushWithCurl(peer, "bench/pushed", file.path, digest),
    );
  });
  return {
    id: "tls-push",
    title: "push of a large blob over TLS",
    unit: "MB/s",
    better: "higher",
    samples: pick(samples, (sample) => sample.megabytesPerSecond),
    targets: [NEAR_NGINX],
    notes: [
      "nginx takes the file by WebDAV PUT, then it is synced, as Berth does before it answers; nginx does not hash",
      describeTransfers(samples),
    ],
  };
}

/** nginx leaves the file in the kernel's memory; until it is on the disk it is not what a registry calls pushed. */
async function pushToNginx(run: BenchRun, peer: Peer, file: LargeFile, name: string): Promise<Transfer> {
  const transfer = await sendWithCurl(peer, "PUT", NGINX_UPLOADS + name, file.path);
  const stored = join(run.folder, NGINX_FOLDER, "www", NGINX_UPLOADS, name);
  const syncedAt = performance.now();
  await runProgram(["sync", "-d", stored], 120);
  const seconds = transfer.seconds + (performance.now() - syncedAt) / 1000;
  await Bun.file(stored).delete();
  return { ...transfer, seconds };
}
