import type { BenchRun } from "../bench-run.ts";
import type { FillLists } from "../load/fill-lists.ts";
import { runLoad } from "../load/run-load.ts";
import type { ListSizes } from "../options.ts";
import type { Peer } from "../peers/peer.ts";
import { REGISTRY_NAMES, type RegistryName } from "../peers/start-registry.ts";
import type { PeerName } from "../report/figure.ts";
import { formatNumber } from "../report/format-figure.ts";

export const TAGGED_REPOSITORY = "bench/tagged";
const FILL_LIMIT_SECONDS = 3600;

/** Fills a registry of each kind with long lists and stops it again, once a run; gives the seconds that it took. */
export async function fillLists(run: BenchRun): Promise<ReadonlyMap<PeerName, number>> {
  return run.once("lists", async () => {
    const seconds = new Map<PeerName, number>();
    for (const name of REGISTRY_NAMES) {
      const peer = await startFilled(run, name);
      const startedAt = performance.now();
      const input = { port: peer.port, taggedRepository: TAGGED_REPOSITORY, ...sizesOf(run, name) };
      await runLoad<FillLists>("fill-lists", input, FILL_LIMIT_SECONDS);
      seconds.set(name, (performance.now() - startedAt) / 1000);
      await peer.stop();
    }
    return seconds;
  });
}

/** Starts a registry over the folder that `fillLists` fills. */
export async function startFilled(run: BenchRun, name: RegistryName): Promise<Peer> {
  return run.startRegistry(name, `${name}-lists`);
}

/** Runs something with both filled registries up, and stops them afterwards. */
export async function withFilled<T>(run: BenchRun, use: (peers: readonly Peer[]) => Promise<T>): Promise<T> {
  await fillLists(run);
  const peers: Peer[] = [];
  try {
    for (const name of REGISTRY_NAMES) peers.push(await startFilled(run, name));
    return await use(peers);
  } finally {
    await Promise.all(peers.map((peer) => peer.stop()));
  }
}

/** Says for each registry how much is in it, as docker-registry takes too long to be filled like Berth. */
export function describeSizes(run: BenchRun): string {
  const parts = REGISTRY_NAMES.map((name) => {
    const { tags, repositories } = sizesOf(run, name);
    return `${name} ${formatNumber(tags)} tags in one repository, ${formatNumber(repositories)} repositories`;
  });
  return parts.join("; ");
}

function sizesOf({ pace }: BenchRun, name: RegistryName): ListSizes {
  return name === "berth" ? pace.lists : pace.peerLists;
}
