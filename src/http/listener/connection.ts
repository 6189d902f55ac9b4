/** What a request handler may know of the connection that a request came on, and ask of it. */
export interface ConnectionInfo {
  /** IPv4 or IPv6 address of the peer, which may be a proxy; empty on a unix socket. */
  readonly remoteAddress: string;
  /** 0 on a unix socket, and where certificates of clients are told. */
  readonly remotePort: number;
  /** Whether this listener speaks TLS. */
  readonly tls: boolean;
  /** DER of the certificate that the client has shown and an authority of ours has issued, where the listener tells it. */
  readonly clientCertificate?: Uint8Array | undefined;
  /** Gives this request the longest idle time-out that there is (255 s), for a slow transfer in either direction. */
  expectLongTransfer(): void;
  /**
   * Lets `work` take as long as it needs although no byte moves meanwhile: finishing a large blob, asking an upstream.
   * Not for reading the request's body, where a silent client must be cut.
   */
  withoutIdleTimeout<T>(work: () => Promise<T>): Promise<T>;
}

/** The one of `Bun.serve`. It is made for each request, so it holds nothing that can be asked for later. */
export class ServedConnection implements ConnectionInfo {
  readonly #request: Request;
  readonly #server: ConnectionServer;
  readonly #settings: ConnectionSettings;
  #peer: Peer | undefined;

  constructor(request: Request, server: ConnectionServer, settings: ConnectionSettings) {
    this.#request = request;
    this.#server = server;
    this.#settings = settings;
  }

  get remoteAddress(): string {
    return this.keepPeer().address;
  }

  get remotePort(): number {
    return this.keepPeer().port;
  }

  get tls(): boolean {
    return this.#settings.tls;
  }

  get clientCertificate(): Uint8Array | undefined {
    return this.#settings.clientCertificate;
  }

  /** Asks for the peer, once: it is nowhere to be had when it is gone, and to ask for it is a tenth of a small request. */
  keepPeer(): Peer {
    this.#peer ??= this.#settings.peerOf(readPeer(this.#server.requestIP(this.#request)));
    return this.#peer;
  }

  // A time-out set here stays with the connection after the answer, but only until its next request begins. Bun itself puts
  // the listener's own back when it starts to send a file.
  expectLongTransfer(): void {
    this.#server.timeout(this.#request, longestIdleTimeoutSeconds);
  }

  async withoutIdleTimeout<T>(work: () => Promise<T>): Promise<T> {
    this.#server.timeout(this.#request, 0);
    try {
      return await work();
    } finally {
      // Without this a client that keeps the connection would never be cut again.
      this.#server.timeout(this.#request, this.#settings.idleTimeoutSeconds);
    }
  }
}

/** Bun takes larger values and waits 255 s all the same. */
export const longestIdleTimeoutSeconds = 255;

export interface Peer {
  readonly address: string;
  readonly port: number;
}

export interface ConnectionSettings {
  /** Who a connection really comes from, when something stands in front. */
  readonly peerOf: (peer: Peer) => Peer;
  /** Whether clients speak TLS, with this server or with what stands in front. */
  readonly tls: boolean;
  /** Of every connection of this server. */
  readonly clientCertificate: Uint8Array | undefined;
  readonly idleTimeoutSeconds: number;
}

/** The part of `Bun.Server` that a connection needs. */
export interface ConnectionServer {
  timeout(request: Request, seconds: number): void;
  requestIP(request: Request): Peer | null;
}

const noPeer: Peer = { address: "", port: 0 };
const mappedPrefix = "::ffff:";

/** The peer as people write it: a listener on all interfaces gets IPv4 peers as `::ffff:192.0.2.1`. */
export function readPeer(address: Peer | null): Peer {
  if (address === null) return noPeer;
  if (!address.address.startsWith(mappedPrefix)) return address;
  return { address: address.address.slice(mappedPrefix.length), port: address.port };
}
