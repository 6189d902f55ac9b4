import { join } from "node:path";
import { pick } from "../bench-run.ts";
import { HttpConnection } from "../load/http-connection.ts";
import { pushBlob } from "../load/push-blob.ts";
import { runWrk } from "../load/run-wrk.ts";
import { MANIFEST_TYPE, makeSmallImage } from "../load/small-image.ts";
import type { Peer } from "../peers/peer.ts";
import type { Figure } from "../report/figure.ts";
import { describeCores, measureRequests } from "./measure-requests.ts";
import type { Row } from "./row.ts";

const CONNECTIONS = 8;
const REPOSITORY = "bench/retagged";
/** More than any server puts, so that every tag is new. */
const PATHS_PER_SECOND = 20_000;

/** PUT of one manifest under ever new tags. */
export const putTag: Row = {
  id: "tag-put",
  measure: async (run) => {
    const image = makeSmallImage("retagged");
    for (const peer of run.registries) await pushParts(peer, [image.config, image.layer]);
    const file = join(run.folder, "tag-put-manifest.json");
    await Bun.write(file, image.manifest.bytes);
    const body = { file, mediaType: MANIFEST_TYPE };
    const samples = await measureRequests(run, run.registries, async (peer, seconds, round) => {
      const pathsFile = join(run.folder, "tag-put-paths.txt");
      await Bun.write(pathsFile, newTagPaths(round, seconds).join("\n"));
      const wrk = await runWrk({ peer, method: "PUT", pathsFile, body, connections: CONNECTIONS, seconds });
      return { count: wrk.requests, ...wrk };
    });
    const figure: Figure = {
      id: "tag-put",
      title: "tag PUT",
      unit: "requests/s",
      better: "higher",
      samples: pick(samples, (sample) => sample.perSecond),
      targets: [{ against: "docker-registry", bound: "at least", value: 8 }],
      notes: [describeCores(samples)],
    };
    return [figure];
  },
};

async function pushParts(peer: Peer, blobs: readonly Uint8Array[]): Promise<void> {
  const connection = await HttpConnection.open(peer.port);
  for (const blob of blobs) await pushBlob(connection, REPOSITORY, blob);
  connection.close();
}

function newTagPaths(round: number, seconds: number): readonly string[] {
  const prefix = `/v2/${REPOSITORY}/manifests/r${round + 1}-`;
  return Array.from({ length: Math.ceil(seconds) * PATHS_PER_SECOND }, (_, number) => `${prefix}${number}`);
}
