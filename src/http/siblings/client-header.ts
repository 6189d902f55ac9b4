import type { ConnectionInfo } from "../listener/index.ts";

/** Tells the process that a request is passed on to who the client is. Only what comes by a sibling's socket is believed. */
export const CLIENT_HEADER = "Berth-Client";

type Client = Pick<ConnectionInfo, "remoteAddress" | "remotePort" | "tls">;

export function writeClient({ remoteAddress, remotePort, tls }: Client): string {
  return JSON.stringify({ remoteAddress, remotePort, tls });
}

export function readClient(header: string): Client {
  return JSON.parse(header) as Client;
}
