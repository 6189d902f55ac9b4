import { connect, createServer, type Socket } from "node:net";

import { type AlpnCertificate, startAlpnResponder } from "../tls/index.ts";
import { readOfferedProtocols } from "./client-hello.ts";
import { type Peer, readPeer } from "./connection.ts";
import { joinSockets } from "./join-sockets.ts";
import { listenBeside, listenError, type TcpAddress } from "./listen-address.ts";

export interface AlpnFront {
  /** Whose connection it is that reaches the server behind from this port of 127.0.0.1. */
  peerBehind(port: number): Peer | undefined;
  /** Takes no more connections; those that are passed on live until they end. */
  stop(): Promise<void>;
}

export interface AlpnFrontOptions {
  readonly address: TcpAddress;
  /** By host; read at each handshake. */
  readonly certificates: ReadonlyMap<string, AlpnCertificate>;
  /** Where everything that is not a challenge goes, on 127.0.0.1. */
  readonly portBehind: number;
}

/**
 * Stands in front of the registry while a certificate authority checks a host, because `Bun.serve` cannot choose a protocol by
 * ALPN: hands `acme-tls/1` to the responder and passes all else on, still encrypted.
 *
 * The address must be free or held by sockets that were opened with `reusePort`.
 */
export async function startAlpnFront(options: AlpnFrontOptions): Promise<AlpnFront> {
  const peers = new Map<number, Peer>();
  const responder = await startAlpnResponder({ hostname: "127.0.0.1", port: 0 }, options.certificates);
  const server = createServer({ pauseOnConnect: false }, (socket) => {
    sortConnection(socket, (isChallenge, hello) => {
      if (isChallenge) passOn(socket, hello, responder.port);
      else passOn(socket, hello, options.portBehind, peers);
    });
  });
  try {
    await listenBeside(server, options.address);
  } catch (error) {
    await responder.stop();
    throw listenError(options.address, error);
  }
  return {
    peerBehind: (port) => peers.get(port),
    async stop() {
      server.close();
      await responder.stop();
    },
  };
}

const helloTimeoutMs = 10_000;

/** Reads the first bytes of a connection until it is clear whether it is a challenge. */
function sortConnection(socket: Socket, decide: (isChallenge: boolean, hello: Buffer) => void): void {
  let hello = Buffer.alloc(0);
  const onData = (chunk: Buffer) => {
    hello = Buffer.concat([hello, chunk]);
    const protocols = readOfferedProtocols(hello);
    if (protocols === undefined) return;
    socket.pause();
    socket.off("data", onData);
    socket.setTimeout(0);
    decide(protocols.includes("acme-tls/1"), hello);
  };
  socket.on("error", () => socket.destroy());
  socket.setTimeout(helloTimeoutMs, () => socket.destroy());
  socket.on("data", onData);
}

function passOn(socket: Socket, hello: Buffer, port: number, peers?: Map<number, Peer>): void {
  const { remoteAddress = "", remotePort = 0 } = socket;
  const behind = connect({ host: "127.0.0.1", port }, () => {
    const { localPort = 0 } = behind;
    peers?.set(localPort, readPeer({ address: remoteAddress, port: remotePort }));
    behind.once("close", () => peers?.delete(localPort));
    behind.write(hello);
    joinSockets(socket, behind);
  });
  behind.once("error", () => socket.destroy());
  socket.once("close", () => behind.destroy());
}
