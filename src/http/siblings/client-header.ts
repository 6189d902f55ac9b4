import type { ConnectionInfo } from "../listener/index.ts";

/** Tells the process that a request is passed on to who the client is. Only what comes by a sibling's socket is believed. */
export const CLIENT_HEADER = "Berth-Client";

type Client = Pick<ConnectionInfo, "remoteAddress" | "remotePort" | "tls" | "clientCertificate">;

export function writeClient({ remoteAddress, remotePort, tls, clientCertificate }: Client): string {
  const certificate = clientCertificate && Buffer.from(clientCertificate).toString("base64");
  return JSON.stringify({ remoteAddress, remotePort, tls, certificate });
}

export function readClient(header: string): Client {
  const { certificate, ...client } = JSON.parse(header) as Client & { readonly certificate?: string };
  return certificate === undefined ? client : { ...client, clientCertificate: Buffer.from(certificate, "base64") };
}
