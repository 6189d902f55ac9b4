import { pick, type BenchRun } from "../bench-run.ts";
import type { HeadBlobs } from "../load/head-blobs.ts";
import { digestOf } from "../load/push-blob.ts";
import { runLoad } from "../load/run-load.ts";
import type { Figure } from "../report/figure.ts";
import { describeCores, measureRequests } from "./measure-requests.ts";
import type { Row } from "./row.ts";
import { SEEDED_REPOSITORY, seedImages } from "./seed-images.ts";

const CONNECTIONS = 32;
const MISSING_DIGESTS = 1000;

/** HEAD of blobs that the repository has: what a client asks before it pulls or skips a push. */
export const headPresentBlob: Row = {
  id: "head-present",
  measure: async (run) => [await measureHeads(run, "present", (await seedImages(run)).blobs)],
};

/** HEAD of blobs that nobody has: what a client asks before it pushes. */
export const headMissingBlob: Row = {
  id: "head-missing",
  measure: async (run) => {
    await seedImages(run);
    const digests = Array.from({ length: MISSING_DIGESTS }, (_, number) => digestOf(Buffer.from(`missing ${number}`)));
    return [
      await measureHeads(
        run,
        "missing",
        digests.map((digest) => `/v2/${SEEDED_REPOSITORY}/blobs/${digest}`),
      ),
    ];
  },
};

async function measureHeads(run: BenchRun, kind: "present" | "missing", paths: readonly string[]): Promise<Figure> {
  const expectedStatus = kind === "present" ? 200 : 404;
  const samples = await measureRequests(run, run.registries, async ({ port }, seconds) => {
    const input = { port, paths, concurrency: CONNECTIONS, seconds, expectedStatus };
    const { result, clientCpuSeconds } = await runLoad<HeadBlobs>("head-blobs", input, seconds + 20);
    return { count: result.requests, seconds: result.seconds, clientCpuSeconds };
  });
  return {
    id: `head-${kind}`,
    title: `blob HEAD, ${kind}`,
    unit: "requests/s",
    better: "higher",
    samples: pick(samples, (sample) => sample.perSecond),
    targets: [{ against: "docker-registry", bound: "at least", value: 15 }],
    notes: [describeCores(samples)],
  };
}
