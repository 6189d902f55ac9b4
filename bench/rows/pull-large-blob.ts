import { pick, takeTurns, type BenchRun } from "../bench-run.ts";
import { pullWithCurl, pushWithCurl } from "../load/transfer-blob.ts";
import { putStaticFile } from "../peers/start-nginx.ts";
import type { Figure } from "../report/figure.ts";
import { hashWithOpenssl, makeLargeFile } from "./large-file.ts";
import type { Row } from "./row.ts";
import { describeTransfers, measureTransfer } from "./transfer-sample.ts";

const REPOSITORY = "bench/large";

/** Pull of one large blob, beside nginx sending the same file. */
export const pullLargeBlob: Row = {
  id: "pull",
  measure: async (run) => {
    const path = await placeLargeBlob(run);
    for (const peer of run.withNginx) await pullWithCurl(peer, path, 1);
    const samples = await takeTurns(run.withNginx, run.pace.rounds, (peer) =>
      measureTransfer(peer, () => pullWithCurl(peer, path, run.pace.pullsPerRound)),
    );
    const speed: Figure = {
      id: "pull",
      title: "pull of a large blob",
      unit: "MB/s",
      better: "higher",
      samples: pick(samples, (sample) => sample.megabytesPerSecond),
      targets: [{ against: "nginx", bound: "at least", value: 0.95 }],
      notes: [`${run.pace.largeBlobMib} MiB, ${run.pace.pullsPerRound} in a row; ${describeTransfers(samples)}`],
    };
    const price: Figure = {
      id: "pull-cpu",
      title: "pull of a large blob, price",
      unit: "server CPU seconds per GB",
      better: "lower",
      samples: pick(samples, (sample) => sample.serverCpuPerGigabyte),
      targets: [{ against: "docker-registry", bound: "at most", value: 0.3 }],
      notes: [],
    };
    return [speed, price];
  },
};

async function placeLargeBlob(run: BenchRun): Promise<string> {
  const file = await makeLargeFile(run, run.pace.largeBlobMib);
  const { digest } = await hashWithOpenssl(file);
  const path = `/v2/${REPOSITORY}/blobs/${digest}`;
  for (const peer of run.registries) await pushWithCurl(peer, REPOSITORY, file.path, digest);
  await putStaticFile(run.nginxFolder, path, Bun.file(file.path));
  return path;
}
