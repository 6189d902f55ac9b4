import { pick } from "../bench-run.ts";
import type { Figure } from "../report/figure.ts";
import { measureGets } from "./measure-gets.ts";
import { describeCores } from "./measure-requests.ts";
import type { Row } from "./row.ts";
import { seedImages } from "./seed-images.ts";

/** GET of fifty manifests by tag, beside nginx giving the same bytes as files. */
export const getManifest: Row = {
  id: "manifest-get",
  measure: async (run) => {
    const samples = await measureGets(run, run.withNginx, (await seedImages(run)).manifests);
    const both = { better: "higher", unit: "requests/s" } as const;
    return [
      {
        ...both,
        id: "manifest-get",
        title: "manifest GET by tag",
        samples: pick(samples, (sample) => sample.perSecond),
        targets: [{ against: "docker-registry", bound: "at least", value: 30 }],
        notes: [describeCores(samples)],
      },
      {
        ...both,
        id: "manifest-get-per-core",
        title: "manifest GET by tag, per core",
        unit: "requests per server CPU second",
        samples: pick(samples, (sample) => sample.perServerCpuSecond),
        targets: [{ against: "nginx", bound: "at least", value: 0.5 }],
        notes: [],
      },
    ];
  },
};

/** GET of fifty 2 KiB blobs. */
export const getSmallBlob: Row = {
  id: "blob-get",
  measure: async (run) => {
    const samples = await measureGets(run, run.withNginx, (await seedImages(run)).blobs);
    const figure: Figure = {
      id: "blob-get",
      title: "small blob GET",
      unit: "requests/s",
      better: "higher",
      samples: pick(samples, (sample) => sample.perSecond),
      targets: [{ against: "docker-registry", bound: "at least", value: 30 }],
      notes: [describeCores(samples)],
    };
    return [figure];
  },
};
