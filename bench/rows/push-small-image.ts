import { pick } from "../bench-run.ts";
import type { PushImages } from "../load/push-images.ts";
import { runLoad } from "../load/run-load.ts";
import type { Figure } from "../report/figure.ts";
import { describeCores, measureRequests } from "./measure-requests.ts";
import type { Row } from "./row.ts";

const CONCURRENCY = 8;

/** Push of whole small images: two new blobs and a manifest in five requests, eight images at a time. */
export const pushSmallImage: Row = {
  id: "image-push",
  measure: async (run) => {
    const samples = await measureRequests(run, run.registries, async ({ port }, seconds, round) => {
      const repository = "bench/images";
      const input = { port, repository, concurrency: CONCURRENCY, seconds, seed: `round${round}` };
      const { result, clientCpuSeconds } = await runLoad<PushImages>("push-images", input, seconds + 20);
      return { count: result.images, seconds: result.seconds, clientCpuSeconds };
    });
    const figure: Figure = {
      id: "image-push",
      title: "small image push",
      unit: "images/s",
      better: "higher",
      samples: pick(samples, (sample) => sample.perSecond),
      targets: [{ against: "docker-registry", bound: "at least", value: 15 }],
      notes: [describeCores(samples)],
    };
    return [figure];
  },
};
