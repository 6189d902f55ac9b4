import { join } from "node:path";
import type { BenchRun } from "../bench-run.ts";
import { runWrk } from "../load/run-wrk.ts";
import type { Peer } from "../peers/peer.ts";
import { measureRequests, type RequestSamples } from "./measure-requests.ts";

const CONNECTIONS = 32;

/** GET of the paths, round and round, from peers that take turns. */
export async function measureGets(
  run: BenchRun,
  peers: readonly Peer[],
  paths: readonly string[],
): Promise<RequestSamples> {
  const pathsFile = join(run.folder, "get-paths.txt");
  await Bun.write(pathsFile, paths.join("\n"));
  return measureRequests(run, peers, async (peer, seconds) => {
    const wrk = await runWrk({ peer, method: "GET", pathsFile, connections: CONNECTIONS, seconds });
    return { count: wrk.requests, ...wrk };
  });
}
