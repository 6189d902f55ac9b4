import { join } from "node:path";
import { pick, takeTurns, type BenchRun } from "../bench-run.ts";
import { runProgram } from "../load/run-load.ts";
import { pushWithCurl } from "../load/transfer-blob.ts";
import type { Figure } from "../report/figure.ts";
import { formatNumber } from "../report/format-figure.ts";
import { median } from "../report/statistics.ts";
import { changeLargeFile, hashWithOpenssl, makeLargeFile, type LargeFile } from "./large-file.ts";
import type { Row } from "./row.ts";
import { describeTransfers, measureTransfer } from "./transfer-sample.ts";

const REPOSITORY = "bench/pushed";

/** Push of one large blob as a stream, beside openssl hashing the same file; every round pushes other bytes. */
export const pushLargeBlob: Row = {
  id: "push",
  measure: async (run) => {
    const file = await makeLargeFile(run, run.pace.largeBlobMib);
    const hashing: number[] = [];
    const writing: number[] = [];
    const samples = await takeTurns(run.registries, run.pace.rounds, async (peer) => {
      await changeLargeFile(file);
      const { digest, seconds } = await hashWithOpenssl(file);
      hashing.push(file.bytes / 1e6 / seconds);
      writing.push(await writeWithDd(run, file));
      await flushDisk(run);
      return measureTransfer(peer, () => pushWithCurl(peer, REPOSITORY, file.path, digest));
    });
    const disk = formatNumber(median(writing));
    const speed: Figure = {
      id: "push",
      title: "push of a large blob",
      unit: "MB/s",
      better: "higher",
      samples: { ...pick(samples, (sample) => sample.megabytesPerSecond), openssl: hashing },
      targets: [{ against: "openssl", bound: "at least", value: 0.9 }],
      notes: [
        `${run.pace.largeBlobMib} MiB; dd conv=fdatasync, which does not hash, writes the same file with ${disk} MB/s`,
        describeTransfers(samples),
      ],
    };
    const price: Figure = {
      id: "push-cpu",
      title: "push of a large blob, price",
      unit: "server CPU seconds per GB",
      better: "lower",
      samples: pick(samples, (sample) => sample.serverCpuPerGigabyte),
      targets: [],
      notes: [],
    };
    return [speed, price];
  },
};

/** What the disk takes durably when nobody hashes: the other bound of a push. */
async function writeWithDd(run: BenchRun, file: LargeFile): Promise<number> {
  const copy = join(run.folder, "dd.bin");
  const startedAt = performance.now();
  await runProgram(["dd", `if=${file.path}`, `of=${copy}`, "bs=4M", "conv=fdatasync", "status=none"], 120);
  const seconds = (performance.now() - startedAt) / 1000;
  await Bun.file(copy).delete();
  return file.bytes / 1e6 / seconds;
}

/** Nobody shall wait for what somebody else left unwritten. */
async function flushDisk(run: BenchRun): Promise<void> {
  await runProgram(["sync", "-f", run.folder], 120);
}
