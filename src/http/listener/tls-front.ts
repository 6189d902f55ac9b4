import { connect, type Socket } from "node:net";
import { createServer, type Server, type TLSSocket } from "node:tls";
import type { ClientAuthMode } from "../tls/index.ts";
import { readPeer } from "./connection.ts";
import { InsideServers } from "./inside-servers.ts";
import { joinSockets } from "./join-sockets.ts";
import { type ListenAddress, listenBeside, ListenError, listenError, type TcpAddress } from "./listen-address.ts";
import type { Front, HttpServer, ServeOptions } from "./serve.ts";
import { frontSettings } from "./tls-settings.ts";

/** As long as `Bun.serve` waits. */
const HANDSHAKE_TIMEOUT_MS = 12_000;
/** How long a cut waits for what has left the server inside and can go out at once. */
const FLUSH_MS = 250;

/**
 * Serves as `serve` does, and tells the certificates of clients, which `Bun.serve` verifies and keeps for itself: TLS ends here,
 * and each connection goes on to a server inside that is for this client alone.
 *
 * @param peerOf who a connection to this address really comes from, when something stands in front of it, too
 * @throws ListenError
 */
export async function serveBehindTls(
  address: ListenAddress,
  options: ServeOptions,
  peerOf?: Front["peerOf"],
): Promise<HttpServer> {
  if ("unixSocketPath" in address)
    throw new ListenError("refused", "to know the certificates of clients, a TCP port is needed");
  const front = new TlsFront(options, peerOf);
  try {
    await front.listen(address);
  } catch (error) {
    await front.stop(true);
    throw listenError(address, error);
  }
  return front;
}

class TlsFront implements HttpServer {
  readonly #peerOf: Front["peerOf"];
  readonly #clientAuth: ClientAuthMode;
  readonly #inside: InsideServers;
  readonly #outside: Server;
  readonly #arriving = new Set<TLSSocket>();
  readonly #joined = new Set<TLSSocket>();
  readonly #allLeft = Promise.withResolvers<void>();
  #port: number | undefined;
  #isStopping = false;

  constructor(options: ServeOptions, peerOf: Front["peerOf"] = (peer) => peer) {
    const { tls } = options;
    if (!tls) throw new TypeError("there is no TLS to end");
    this.#peerOf = peerOf;
    this.#clientAuth = tls.current.clientAuth;
    this.#inside = new InsideServers(options);
    const settings = { ...frontSettings(tls.current), handshakeTimeout: HANDSHAKE_TIMEOUT_MS };
    this.#outside = createServer(settings, (client) => this.#receive(client));
    this.#outside.on("connection", (client: TLSSocket) => this.#expect(client));
    // The runtime tells of a handshake that takes too long, and does no more about it.
    this.#outside.on("tlsClientError", (_, client) => client.destroy());
  }

  get port(): number | undefined {
    return this.#port;
  }

  /** What has left the server inside may still be on its way. */
  get pendingRequests(): number {
    const sending = [...this.#joined].filter((client) => client.writableLength > 0);
    return Math.max(this.#inside.pendingRequests, sending.length);
  }

  async listen(address: TcpAddress): Promise<void> {
    await listenBeside(this.#outside, address);
    const bound = this.#outside.address();
    this.#port = typeof bound === "object" ? bound?.port : undefined;
  }

  /** @param cut also what is under way */
  async stop(cut = false): Promise<void> {
    this.#outside.close();
    await this.#inside.stop(cut);
    this.#isStopping = true;
    if (this.#joined.size === 0) this.#allLeft.resolve();
    await (cut ? Promise.race([this.#allLeft.promise, Bun.sleep(FLUSH_MS)]) : this.#allLeft.promise);
    for (const client of [...this.#arriving, ...this.#joined]) client.destroy();
    this.#inside.remove();
  }

  #expect(client: TLSSocket): void {
    this.#arriving.add(client);
    client.on("error", () => client.destroy());
    client.once("close", () => this.#arriving.delete(client));
  }

  #receive(client: TLSSocket): void {
    this.#arriving.delete(client);
    const { remoteAddress = "", remotePort = 0 } = client;
    if (remoteAddress === "" || !this.#isLetIn(client)) return void client.destroy();
    const peer = this.#peerOf(readPeer({ address: remoteAddress, port: remotePort }));
    const lease = this.#inside.lease(peer.address, certificateOf(client));
    if (!lease) return void client.destroy();
    this.#joined.add(client);
    client.once("close", () => {
      lease.release();
      this.#leave(client);
    });
    passOn(client, lease.path);
  }

  #leave(client: TLSSocket): void {
    this.#joined.delete(client);
    if (this.#isStopping && this.#joined.size === 0) this.#allLeft.resolve();
  }

  /** What the handshake leaves to us: `rejectUnauthorized` refuses whoever has none as well. */
  #isLetIn(client: TLSSocket): boolean {
    if (this.#clientAuth !== "verify-client-cert-if-given") return true;
    return client.authorized || rawCertificateOf(client) === undefined;
  }
}

/** The certificate, if it proves anything. */
function certificateOf(client: TLSSocket): Uint8Array | undefined {
  return client.authorized ? rawCertificateOf(client) : undefined;
}

function rawCertificateOf(client: TLSSocket): Uint8Array | undefined {
  // Empty, and by the runtime's mood `null`, without one.
  const certificate = client.getPeerCertificate() as Partial<ReturnType<TLSSocket["getPeerCertificate"]>> | null;
  return certificate?.raw;
}

function passOn(client: TLSSocket, path: string): void {
  const inside: Socket = connect({ path }, () => joinSockets(client, inside));
  inside.once("error", () => client.destroy());
  client.once("close", () => inside.destroy());
}
