import type { AlpnCertificate, AlpnChallengePort, TlsMaterial, TlsSource } from "../tls/index.ts";
import { type AlpnFront, startAlpnFront } from "./alpn-front.ts";
import {
  clearStaleSocket,
  describeAddress,
  explainRefusal,
  type ListenAddress,
  ListenError,
} from "./listen-address.ts";
import { steerToNewest } from "./steer-connections.ts";
import { claimPort, type Front, type HttpServer, serve, type ServeOptions } from "./serve.ts";
import { serveBehindTls } from "./tls-front.ts";

export interface ListenerOptions extends ServeOptions {
  readonly address: ListenAddress;
  /** The listener follows its changes but does not stop it. */
  readonly tls?: TlsSource | undefined;
  /**
   * How long a server whose certificate was replaced goes on for connections that it accepted: long enough for handshake and
   * head of the first request, which are cut after 12 s. Default 15 s.
   */
  readonly handoverMs?: number;
}

export interface Listener {
  readonly url: URL;
  /** `undefined` on a unix socket. */
  readonly port: number | undefined;
  /** Requests whose answer has not gone out to the last byte. */
  readonly pendingRequests: number;
  /**
   * Takes no more connections, closes idle ones, lets running requests end, and cuts what is left after `drainTimeoutMs`.
   * Resolves when every connection is closed; the second call gets the first one's promise.
   */
  stop(drainTimeoutMs: number): Promise<{ readonly cutRequests: number }>;
}

/**
 * Listens for requests.
 *
 * @throws ListenError when the address cannot be had
 */
export async function startListener(options: ListenerOptions): Promise<Listener> {
  const { address } = options;
  if ("unixSocketPath" in address) await clearStaleSocket(address.unixSocketPath);
  const listener = await openListener(options);
  listener.followTls();
  return listener;
}

/**
 * Makes sure that no other program has the address, and settles the port where any would do, for processes that will share it.
 * @throws ListenError
 */
export async function claimAddress(address: ListenAddress): Promise<ListenAddress> {
  try {
    return claimPort(address);
  } catch (error) {
    throw await explainRefusal(address, error);
  }
}

async function openListener(options: ListenerOptions): Promise<RunningListener> {
  const { address, tls, isShared } = options;
  try {
    const claimed = tls && !isShared ? claimPort(address) : address;
    return new RunningListener(options, claimed, await startServer(claimed, options));
  } catch (error) {
    throw await explainRefusal(address, error);
  }
}

async function startServer(address: ListenAddress, options: ServeOptions, front?: Front): Promise<HttpServer> {
  // Nobody is asked for a certificate that no authority could have issued.
  const hasAuthorities = options.tls !== undefined && options.tls.current.clientCas.length > 0;
  const tellsCertificates = hasAuthorities && options.certificateFolder !== undefined;
  return tellsCertificates ? serveBehindTls(address, options, front?.peerOf) : serve(address, options, front);
}

// Bun.serve keeps the TLS context that it was started with: `reload({ tls })` changes nothing. So a second server takes over
// the port and the first one stops accepting; its running requests go on until they end.
class RunningListener implements Listener, AlpnChallengePort {
  readonly #options: ListenerOptions;
  readonly #address: ListenAddress;
  #serving: HttpServer;
  /** What `#serving` was started with. */
  #served: TlsMaterial | undefined;
  readonly #retiring = new Set<HttpServer>();
  #front: AlpnFront | undefined;
  #isSteered = false;
  /** Changes of who listens, one after the other. */
  #changes: Promise<void> = Promise.resolve();
  #endFollowing: () => void = () => undefined;
  readonly #stopping = Promise.withResolvers<void>();
  #stopped: Promise<{ cutRequests: number }> | undefined;

  constructor(options: ListenerOptions, address: ListenAddress, serving: HttpServer) {
    this.#options = options;
    this.#serving = serving;
    this.#served = options.tls?.current;
    // With port 0 the successors need the port that the first one got.
    const { port } = this.#serving;
    this.#address = "unixSocketPath" in address || port === undefined ? address : { ...address, port };
  }

  get port(): number | undefined {
    return "unixSocketPath" in this.#address ? undefined : this.#address.port;
  }

  get url(): URL {
    const scheme = this.#options.tls ? "https" : "http";
    if ("unixSocketPath" in this.#address) return new URL(`unix://${this.#address.unixSocketPath}`);
    const { hostname } = this.#address;
    return new URL(`${scheme}://${describeAddress({ ...this.#address, hostname: hostname || "localhost" })}/`);
  }

  get pendingRequests(): number {
    return this.#everyServer().reduce((sum, server) => sum + server.pendingRequests, 0);
  }

  followTls(): void {
    const { tls } = this.#options;
    if (!tls) return;
    // A filter would rule over the sockets of all processes.
    this.#isSteered = this.port !== undefined && !this.#options.isShared && steerToNewest(this.port);
    const endFollowing = tls.subscribe(() => this.#takeOverCertificate());
    tls.useAlpnPort(this);
    this.#endFollowing = () => {
      endFollowing();
      tls.useAlpnPort(undefined);
    };
  }

  stop(drainTimeoutMs: number): Promise<{ cutRequests: number }> {
    this.#stopped ??= this.#stop(drainTimeoutMs);
    return this.#stopped;
  }

  async answer(certificates: ReadonlyMap<string, AlpnCertificate>): Promise<() => Promise<void>> {
    await this.#change(() => this.#openFront(certificates));
    return () => this.#change(() => this.#closeFront());
  }

  async #stop(drainTimeoutMs: number): Promise<{ cutRequests: number }> {
    this.#endFollowing();
    this.#stopping.resolve();
    await this.#changes;
    void this.#front?.stop();
    const servers = this.#everyServer();
    for (const server of servers) void server.stop();
    await waitUntil(() => this.pendingRequests === 0, drainTimeoutMs);
    const cutRequests = this.pendingRequests;
    // Bun's own promise would wait for half-sent heads too.
    await Promise.all(servers.map((server) => server.stop(true)));
    return { cutRequests };
  }

  #everyServer(): HttpServer[] {
    return [this.#serving, ...this.#retiring];
  }

  #change(step: () => void | Promise<void>): Promise<void> {
    const done = this.#changes.then(() => (this.#stopped ? undefined : step()));
    this.#changes = done.catch(() => undefined);
    return done;
  }

  #takeOverCertificate(): void {
    this.#change(() => this.#replaceServer()).catch((error: unknown) => {
      this.#options.reportProblem("the new certificate cannot be served: the old one stays in use", error);
    });
  }

  async #replaceServer(): Promise<void> {
    // Behind the front nobody outside sees a certificate of ours; what is current is taken when the front goes.
    if (this.#front) return;
    if ("unixSocketPath" in this.#address) return this.#replaceOnSocket();
    const previous = this.#serving;
    this.#serving = await startServer(this.#address, this.#options);
    await this.#handOver(previous);
  }

  /** Bun takes the file of the socket away when a server ends, whoever has it then: so for a moment nobody listens. */
  async #replaceOnSocket(): Promise<void> {
    const { tls } = this.#options;
    const served = this.#served;
    this.#retire(this.#serving);
    try {
      this.#serving = await startServer(this.#address, this.#options);
      this.#served = tls?.current;
    } catch (error) {
      this.#serving = await startServer(this.#address, {
        ...this.#options,
        ...(served && { tls: { current: served } }),
      });
      throw error;
    }
  }

  async #handOver(previous: HttpServer): Promise<void> {
    this.#retiring.add(previous);
    await this.#untilHandedOver();
    this.#retire(previous);
  }

  /**
   * The older of two sockets must be closed before a third one comes. Where it gets new connections as long as it is open, it is
   * closed right after the event loop emptied its queue, which the kernel would reset.
   */
  #untilHandedOver(): Promise<unknown> {
    if (!this.#isSteered) return new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    const waited = Promise.withResolvers<void>();
    const timer = setTimeout(waited.resolve, this.#options.handoverMs ?? 15_000);
    return Promise.race([waited.promise, this.#stopping.promise]).finally(() => clearTimeout(timer));
  }

  #retire(server: HttpServer): void {
    this.#retiring.add(server);
    void server.stop().then(() => this.#retiring.delete(server));
  }

  async #openFront(certificates: ReadonlyMap<string, AlpnCertificate>): Promise<void> {
    const address = this.#address;
    if ("unixSocketPath" in address) throw new ListenError("refused", "tls-alpn-01 needs a TCP port");
    let front: AlpnFront | undefined;
    const inside = { hostname: "127.0.0.1", port: 0 };
    const peerOf: Front["peerOf"] = (peer) => front?.peerBehind(peer.port) ?? peer;
    const behind = await startServer(inside, this.#options, { peerOf });
    const previous = this.#serving;
    try {
      front = await startAlpnFront({ address, certificates, portBehind: behind.port ?? 0 });
      this.#front = front;
    } catch (error) {
      await behind.stop(true);
      throw error;
    }
    this.#serving = behind;
    await this.#handOver(previous);
  }

  async #closeFront(): Promise<void> {
    const front = this.#front;
    if (!front) return;
    const behind = this.#serving;
    this.#serving = await startServer(this.#address, this.#options);
    this.#retiring.add(behind);
    await this.#untilHandedOver();
    await front.stop();
    this.#front = undefined;
    this.#retire(behind);
  }
}

async function waitUntil(isDone: () => boolean, timeoutMs: number): Promise<void> {
  if (timeoutMs <= 0) return;
  const timeout = AbortSignal.timeout(timeoutMs);
  while (!timeout.aborted && !isDone()) await Bun.sleep(20);
}
