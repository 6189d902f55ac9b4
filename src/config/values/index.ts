/** How a single value is written: from text to a number, an address, a duration. Knows no key. */
export {
  formatAddress,
  isLoopback,
  isLoopbackUrl,
  parseHostPort,
  type HostPort,
  type ListenAddress,
  type UnixSocket,
} from "./parse-address.ts";
export { parseByteSize } from "./parse-byte-size.ts";
export { parseDuration } from "./parse-duration.ts";
export { parseFlag } from "./parse-flag.ts";
