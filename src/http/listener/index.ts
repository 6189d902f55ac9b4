/**
 * Sockets of the edge: listens, limits, changes certificates without a gap, stops gracefully. It knows nothing of what a
 * request means, nor where certificates come from.
 */
export type { ConnectionInfo } from "./connection.ts";
export { ListenError } from "./listen-address.ts";
export { claimAddress, type Listener, startListener } from "./listener.ts";
