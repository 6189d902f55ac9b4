/** Requests of ours to elsewhere, with a guard. */
export { OutboundError, type OutboundErrorReason } from "./outbound-error.ts";
export {
  createSafeFetch,
  type ResolveHost,
  type SafeFetch,
  type SafeFetchInit,
  type SafeFetchOptions,
} from "./safe-fetch.ts";
