import type { PeerName } from "../report/figure.ts";
import type { ProcessUsage } from "./process-usage.ts";

/** A server under measurement on 127.0.0.1. All peers answer the same paths, so one load fits all. */
export interface Peer {
  readonly name: PeerName;
  readonly port: number;
  /** Scheme, address and port. */
  readonly origin: string;
  /** PEM file of the certificate that it shows; without one it speaks plain HTTP. */
  readonly certificateFile?: string | undefined;
  /** From starting the program to its first 200. */
  readonly startMs: number;
  /** What all its processes have used so far. */
  usage(): ProcessUsage;
  /** Ends the server and waits until it is gone. Safe to call twice. */
  stop(): Promise<void>;
}
