import type { ReportProblem, TlsSource } from "../tls/index.ts";
import { type ConnectionInfo, longestIdleTimeoutSeconds, type Peer, ServedConnection } from "./connection.ts";
import { bindOptions, type ListenAddress, listenError } from "./listen-address.ts";
import { tlsSettings } from "./tls-settings.ts";

export interface ServeOptions {
  /** Answers a request. What it throws becomes an answer through `answerError`. */
  readonly fetch: (request: Request, connection: ConnectionInfo) => Response | Promise<Response>;
  /** Absent: plain HTTP. */
  readonly tls?: Pick<TlsSource, "current"> | undefined;
  readonly limits: ListenerLimits;
  /** Told of what does not stop the listener: a certificate that cannot be taken over. */
  readonly reportProblem: ReportProblem;
  /** Answers, and tells of, an error after `fetch`, such as a file that went away; default: 500 without a body. */
  readonly answerError?: (error: unknown) => Response;
  /** Other processes of the same registry listen there as well; that nobody else does was made sure before (`claimAddress`). */
  readonly isShared?: boolean;
  /**
   * Set, with TLS that asks for certificates: `fetch` is told which one a client has shown. The path of a folder for sockets
   * inside. A connection costs 3 ms of processor time more, a gigabyte sent 1.5 times, one received twice as much.
   */
  readonly certificateFolder?: string | undefined;
}

export interface ListenerLimits {
  /**
   * A connection on which nothing moves for so long is cut; in steps of 4 s, at most 255 s, 0: never. While a body comes in,
   * less than 16 KiB in that time counts as nothing; while an answer goes out, less than the kernel's buffer (about 1.4 MB).
   * The head of a connection's first request must come within 12 s in any case.
   */
  readonly idleTimeoutMs: number;
}

export type BunServer = Bun.Server<undefined>;

/** What listens on an address, and can be stopped. */
export type HttpServer = Pick<BunServer, "port" | "pendingRequests" | "stop">;

/** What stands between a server and its clients, and passes connections on. */
export interface Front {
  /** Who a connection really comes from. */
  readonly peerOf: (peer: Peer) => Peer;
  /** Set: TLS ends there, with this certificate of the client on every connection that comes here. */
  readonly ended?: { readonly clientCertificate: Uint8Array | undefined };
}

const NOTHING: Front = { peerOf: (peer) => peer };

/**
 * Starts one `Bun.serve` with the certificate that is current now.
 *
 * @throws ListenError
 */
export function serve(address: ListenAddress, options: ServeOptions, front: Front = NOTHING): BunServer {
  const { fetch, limits, isShared = false } = options;
  const tls = front.ended ? undefined : options.tls;
  const settings = {
    peerOf: front.peerOf,
    tls: options.tls !== undefined,
    clientCertificate: front.ended?.clientCertificate,
    idleTimeoutSeconds: idleSeconds(limits.idleTimeoutMs),
  };
  try {
    return Bun.serve({
      ...(bindOptions(address) as { port: number }),
      ...(tls && { tls: tlsSettings(tls.current) }),
      // Said in any case: `development: false` alone would share the port with every other registry started by mistake.
      reusePort: isShared || tls !== undefined,
      development: false,
      idleTimeout: settings.idleTimeoutSeconds,
      maxRequestBodySize: UNLIMITED_BYTES,
      fetch: (request: Request, server: BunServer) => {
        const connection = new ServedConnection(request, server, settings);
        const response = fetch(request, connection);
        // Bun forgets the address when the client goes, and a log line wants it still.
        if (response instanceof Promise) connection.keepPeer();
        return response;
      },
      error: (error) => answerError(error, options),
    });
  } catch (cause) {
    throw listenError(address, cause);
  }
}

/**
 * Makes sure that no other program has the port, and settles which one it is when any would do. Servers that share a port by
 * `reusePort` would share it with another process that does the same, such as a second registry started by mistake.
 *
 * @throws ListenError
 */
export function claimPort(address: ListenAddress): ListenAddress {
  if ("unixSocketPath" in address) return address;
  try {
    const claim = Bun.serve({
      ...(bindOptions(address) as { port: number }),
      reusePort: false,
      fetch: () => new Response(),
    });
    const { port } = claim;
    void claim.stop(true);
    return { ...address, port: port ?? address.port };
  } catch (cause) {
    throw listenError(address, cause);
  }
}

/** `1 << 48` would wrap. */
const UNLIMITED_BYTES = 2 ** 48;

function idleSeconds(idleTimeoutMs: number): number {
  return Math.min(Math.ceil(idleTimeoutMs / 1000), longestIdleTimeoutSeconds);
}

function answerError(error: unknown, { answerError, reportProblem }: ServeOptions): Response {
  if (answerError) return answerError(error);
  reportProblem("a request ended in an error that nothing caught", error);
  return new Response(null, { status: 500 });
}
