import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Peer } from "./connection.ts";
import { listenError } from "./listen-address.ts";
import { type BunServer, serve, type ServeOptions } from "./serve.ts";

/** The place of a connection in a server inside. */
export interface Lease {
  /** The socket to connect to. */
  readonly path: string;
  release(): void;
}

interface InsideServer {
  readonly server: BunServer;
  readonly path: string;
  leases: number;
}

/**
 * Servers behind the end of TLS, one for each client, which is an address and a certificate. `Bun.serve` does not tell connections
 * of a socket apart, so who asks is told by which server is asked. Their sockets lie in a folder of their own: nobody but
 * this user can reach them.
 */
export class InsideServers {
  readonly #options: ServeOptions;
  readonly #folder: string;
  /** By address and fingerprint. */
  readonly #current = new Map<string, InsideServer>();
  /** Those whose clients have gone among them, which may have handlers at work. */
  readonly #servers = new Set<BunServer>();
  #made = 0;
  #isStopped = false;

  /** @throws ListenError if there cannot be such sockets */
  constructor(options: ServeOptions) {
    const { certificateFolder = "" } = options;
    this.#options = options;
    try {
      this.#folder = mkdtempSync(join(certificateFolder, "tls-"));
    } catch (error) {
      throw listenError({ unixSocketPath: certificateFolder }, error);
    }
  }

  get pendingRequests(): number {
    let sum = 0;
    for (const { pendingRequests } of this.#servers) sum += pendingRequests;
    return sum;
  }

  /** @returns `undefined`: there is none, because of a stop, or of what was reported */
  lease(address: string, certificate: Uint8Array | undefined): Lease | undefined {
    if (this.#isStopped) return undefined;
    const key = `${address} ${certificate ? Bun.SHA256.hash(certificate, "hex") : "none"}`;
    try {
      const inside = this.#current.get(key) ?? this.#start(key, address, certificate);
      inside.leases++;
      return { path: inside.path, release: () => this.#release(key, inside) };
    } catch (error) {
      this.#options.reportProblem("a connection was cut: there could be no server inside for it", error);
      return undefined;
    }
  }

  /** @param cut also what is under way */
  async stop(cut: boolean): Promise<void> {
    this.#isStopped = true;
    await Promise.all([...this.#servers].map((server) => server.stop(cut)));
  }

  /** To be called when nothing is left in it. */
  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #start(key: string, address: string, clientCertificate: Uint8Array | undefined): InsideServer {
    const path = join(this.#folder, String(this.#made++));
    const peer: Peer = { address, port: 0 };
    const inside = { server: this.#serve(path, peer, clientCertificate), path, leases: 0 };
    this.#current.set(key, inside);
    this.#servers.add(inside.server);
    return inside;
  }

  #serve(path: string, peer: Peer, clientCertificate: Uint8Array | undefined): BunServer {
    const options = { ...this.#options, isShared: false };
    return serve({ unixSocketPath: path }, options, { peerOf: () => peer, ended: { clientCertificate } });
  }

  #release(key: string, inside: InsideServer): void {
    inside.leases--;
    if (inside.leases > 0) return;
    this.#current.delete(key);
    void inside.server.stop().then(() => this.#servers.delete(inside.server));
  }
}
