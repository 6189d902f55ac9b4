import type { Transfer } from "../load/transfer-blob.ts";
import type { Peer } from "../peers/peer.ts";
import type { PeerName } from "../report/figure.ts";
import { median } from "../report/statistics.ts";

export interface TransferSample {
  readonly megabytesPerSecond: number;
  readonly serverCpuPerGigabyte: number;
  readonly clientCpuPerGigabyte: number;
}

/** Measures a transfer's speed and what it cost the server and the client. */
export async function measureTransfer(peer: Peer, transfer: () => Promise<Transfer>): Promise<TransferSample> {
  const before = peer.usage().cpuSeconds;
  const { bytes, seconds, clientCpuSeconds } = await transfer();
  const serverCpuSeconds = peer.usage().cpuSeconds - before;
  return {
    megabytesPerSecond: bytes / 1e6 / seconds,
    serverCpuPerGigabyte: serverCpuSeconds / (bytes / 1e9),
    clientCpuPerGigabyte: clientCpuSeconds / (bytes / 1e9),
  };
}

/** What the client cost beside each server. */
export function describeTransfers(samples: ReadonlyMap<PeerName, readonly TransferSample[]>): string {
  const parts = [...samples].map(
    ([name, list]) => `${name} ${median(list.map((sample) => sample.clientCpuPerGigabyte)).toFixed(2)}`,
  );
  return `curl's CPU seconds per GB: ${parts.join(", ")}`;
}
