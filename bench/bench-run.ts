import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stopPrograms } from "./load/run-load.ts";
import type { BenchOptions, Pace } from "./options.ts";
import type { Certificate } from "./peers/make-certificate.ts";
import type { Peer } from "./peers/peer.ts";
import { startNginx } from "./peers/start-nginx.ts";
import { startRegistry, type RegistryName, type RegistrySetup } from "./peers/start-registry.ts";
import type { PeerName } from "./report/figure.ts";

/** A run under way: the three servers side by side, the folder for everything, and what rows share. */
export class BenchRun {
  readonly folder: string;
  readonly pace: Pace;
  readonly #subject: RegistryName;
  readonly #peers = new Map<PeerName, Peer>();
  readonly #extraPeers = new Set<Peer>();
  #isClosed = false;
  readonly #prepared = new Map<string, Promise<unknown>>();

  private constructor(folder: string, options: BenchOptions) {
    this.folder = folder;
    this.pace = options.pace;
    this.#subject = options.subject;
  }

  /** Makes the folder and starts the servers. Whoever opens a run must close it. */
  static async open(options: BenchOptions): Promise<BenchRun> {
    const run = new BenchRun(await mkdtemp(join(tmpdir(), "berth-bench-")), options);
    try {
      run.#peers.set("berth", await run.startRegistry("berth", "berth"));
      run.#peers.set("docker-registry", await run.startRegistry("docker-registry", "docker-registry"));
      run.#peers.set("nginx", await startNginx(run.nginxFolder));
      return run;
    } catch (error) {
      await run.close();
      throw error;
    }
  }

  get nginxFolder(): string {
    return join(this.folder, "nginx");
  }

  get registries(): readonly Peer[] {
    return this.withNginx.filter((peer) => peer.name !== "nginx");
  }

  get withNginx(): readonly Peer[] {
    return [...this.#peers.values()];
  }

  /** Starts one more registry over a sub-folder of the run, for rows that need a fresh process. */
  async startRegistry(name: RegistryName, folder: string, setup: RegistrySetup = {}): Promise<Peer> {
    if (this.#isClosed) throw new Error("the run was broken off");
    const program = name === "berth" ? this.#subject : name;
    const peer = await startRegistry({ name, program, folder: join(this.folder, folder), ...setup });
    this.#extraPeers.add(peer);
    return peer;
  }

  /** Starts another nginx, which speaks TLS, over a sub-folder of the run. */
  async startTlsNginx(folder: string, certificate: Certificate): Promise<Peer> {
    const peer = await startNginx(join(this.folder, folder), certificate);
    this.#extraPeers.add(peer);
    return peer;
  }

  /** Does a row's preparation once for all rows that need it. */
  async once<T>(key: string, prepare: () => Promise<T>): Promise<T> {
    const prepared = this.#prepared.get(key) ?? prepare();
    this.#prepared.set(key, prepared);
    return (await prepared) as T;
  }

  /** Ends every load under way, stops every server of the run and removes its folder. */
  async close(): Promise<void> {
    this.#isClosed = true;
    stopPrograms();
    await Promise.allSettled([...this.#peers.values(), ...this.#extraPeers].map((peer) => peer.stop()));
    await rm(this.folder, { recursive: true, force: true });
  }
}

/**
 * Lets the peers take turns for some rounds, each round beginning with the next peer, and gathers their samples. So a
 * machine that slows down during the run slows all of them.
 */
export async function takeTurns<Sample>(
  peers: readonly Peer[],
  rounds: number,
  measure: (peer: Peer, round: number) => Promise<Sample>,
): Promise<ReadonlyMap<PeerName, readonly Sample[]>> {
  const samples = new Map<PeerName, Sample[]>(peers.map((peer) => [peer.name, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (const peer of rotate(peers, round)) samples.get(peer.name)?.push(await measure(peer, round));
  }
  return samples;
}

/** Picks one number out of every sample, in the shape a figure has. */
export function pick<Sample>(
  samples: ReadonlyMap<PeerName, readonly Sample[]>,
  value: (sample: Sample) => number,
): Partial<Record<PeerName, readonly number[]>> {
  return Object.fromEntries([...samples].map(([name, list]) => [name, list.map(value)]));
}

function rotate<T>(list: readonly T[], by: number): readonly T[] {
  const start = by % list.length;
  return [...list.slice(start), ...list.slice(0, start)];
}
