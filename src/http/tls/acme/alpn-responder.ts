import type { Socket } from "node:net";
import { createSecureContext, createServer, type Server } from "node:tls";

import type { AlpnCertificate } from "../tls-source.ts";

export interface AlpnResponder {
  readonly port: number;
  stop(): Promise<void>;
}

/**
 * Answers handshakes of the protocol `acme-tls/1` with the certificate of the host that is asked for, and no others.
 *
 * @param certificates by host; read at each handshake
 * @spec RFC 8737, section 3
 */
export function startAlpnResponder(
  address: { readonly hostname: string; readonly port: number },
  certificates: ReadonlyMap<string, AlpnCertificate>,
): Promise<AlpnResponder> {
  const server = createServer({
    ALPNProtocols: ["acme-tls/1"],
    SNICallback: (host, done) => {
      const certificate = certificates.get(host.toLowerCase());
      if (!certificate) return done(new Error(`no challenge for ${host} is open`));
      done(null, createSecureContext({ cert: certificate.certificatePem, key: certificate.keyPem }));
    },
  });
  const sockets = new Set<Socket>();
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  // The handshake is the whole answer.
  server.on("secureConnection", (socket) => socket.end());
  server.on("tlsClientError", (_error, socket) => socket.destroy());
  const stop = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      for (const socket of sockets) socket.destroy();
    });
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    const host = address.hostname === "" ? {} : { host: address.hostname };
    server.listen({ port: address.port, ...host }, () => resolve({ port: portOf(server), stop }));
  });
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}
