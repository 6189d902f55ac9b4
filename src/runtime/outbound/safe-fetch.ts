import { messageOf } from "../error-message.ts";
import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { errorCode } from "../error-code.ts";
import { AddressGuard } from "./address-guard.ts";
import { OutboundError } from "./outbound-error.ts";
import { readWithin } from "./read-within.ts";

/** @returns the addresses of a host, those to be tried first in front */
export type ResolveHost = (hostname: string) => Promise<readonly string[]>;

export interface SafeFetchOptions {
  /** For all of it, from the look-up of the name to the last byte of the answer. */
  readonly timeoutMs: number;
  /** Of the answer, unpacked. */
  readonly maxBytes: number;
  /** Default: HTTPS only. */
  readonly allowHttp?: boolean | undefined;
  /** Networks that may be asked although they are not public, such as `10.0.0.0/8`. */
  readonly allowedNetworks?: readonly string[] | undefined;
  /** PEM of the authorities that are believed in the place of the usual ones. */
  readonly ca?: string | undefined;
  /** Default: as the system does. */
  readonly resolve?: ResolveHost | undefined;
}

export interface SafeFetchInit {
  readonly method?: string | undefined;
  readonly headers?: ConstructorParameters<typeof Headers>[0];
  /** Something that can be sent twice. */
  readonly body?: string | URLSearchParams | Uint8Array<ArrayBuffer> | ArrayBuffer | null | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Asks another server and reads its answer whole. A redirect is given back, never followed.
 * @throws OutboundError
 */
export type SafeFetch = (url: string | URL, init?: SafeFetchInit) => Promise<Response>;

/**
 * Makes the function by which every request to elsewhere goes that somebody else may have a say in: a host's name is looked up,
 * all its addresses are checked, and the connection goes to an address that was checked, so that a name which means
 * something else a moment later changes nothing. (An HTTP proxy of the environment gets the checked address too.)
 */
export function createSafeFetch(options: SafeFetchOptions): SafeFetch {
  const guard = new AddressGuard(options.allowedNetworks ?? []);
  return async (target, init = {}) => {
    const url = requireFitUrl(target, options);
    const timeLimit = AbortSignal.timeout(options.timeoutMs);
    const signal = init.signal ? AbortSignal.any([timeLimit, init.signal]) : timeLimit;
    try {
      const addresses = await whileNotAborted(signal, checkedAddresses(url, guard, options.resolve ?? resolveBySystem));
      const response = await fetchFromFirst(addresses, url, { ...init, signal }, options);
      return await readWithin(response, options.maxBytes, url.host);
    } catch (error) {
      throw asOutboundError(error, url, timeLimit);
    }
  };
}

function requireFitUrl(target: string | URL, { allowHttp }: SafeFetchOptions): URL {
  const url = new URL(target);
  if (url.protocol !== "https:" && !(allowHttp && url.protocol === "http:"))
    throw new OutboundError("forbidden", `${url.protocol}//${url.host} is not asked: only HTTPS is`);
  if (url.username !== "" || url.password !== "")
    throw new OutboundError("forbidden", `${url.host} is not asked: its URL has a user name in it`);
  return url;
}

async function checkedAddresses(url: URL, guard: AddressGuard, resolve: ResolveHost): Promise<readonly string[]> {
  const hostname = hostOf(url);
  const addresses = isIP(hostname) ? [hostname] : await resolve(hostname);
  if (addresses.length === 0) throw new OutboundError("unreachable", `${hostname} has no address`);
  const unfit = addresses.find((address) => !guard.mayReach(address));
  if (unfit !== undefined)
    throw new OutboundError("forbidden", `${hostname} is not asked: ${unfit} is not a public address, nor allowed`);
  return addresses;
}

/** The name, or the address without the brackets that one of IPv6 stands in. */
function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[(.*)\]$/, "$1");
}

/** IPv4 first, as many machines have no way to an address of IPv6. */
async function resolveBySystem(hostname: string): Promise<readonly string[]> {
  const found = await lookup(hostname, { all: true, order: "ipv4first" });
  return found.map(({ address }) => address);
}

/** What a connection fails with before anything was sent. */
const NOT_CONNECTED = new Set([
  "ConnectionRefused",
  "FailedToOpenSocket",
  "ECONNREFUSED",
  "ENETUNREACH",
  "EHOSTUNREACH",
]);

async function fetchFromFirst(
  addresses: readonly string[],
  url: URL,
  init: SafeFetchInit,
  options: SafeFetchOptions,
): Promise<Response> {
  let failure: unknown;
  for (const address of addresses) {
    try {
      return await fetchFrom(address, url, init, options);
    } catch (error) {
      if (!NOT_CONNECTED.has(errorCode(error) ?? "")) throw error;
      failure = error;
    }
  }
  throw failure;
}

/** The address stands in the URL, the name in the Host header and in what the certificate must be for. */
function fetchFrom(address: string, url: URL, init: SafeFetchInit, { ca }: SafeFetchOptions): Promise<Response> {
  const pinned = new URL(url);
  pinned.hostname = isIP(address) === 6 ? `[${address}]` : address;
  pinned.hash = "";
  const headers = new Headers(init.headers);
  headers.set("Host", url.host);
  const isName = isIP(hostOf(url)) === 0;
  return fetch(pinned.href, {
    method: init.method ?? "GET",
    headers,
    body: init.body ?? null,
    redirect: "manual",
    // A connection that is kept would be found by its address and used for another name.
    keepalive: false,
    signal: init.signal ?? null,
    tls: { ...(isName && { serverName: url.hostname }), ...(ca !== undefined && { ca }) },
  });
}

function whileNotAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const abort = () => aborted.reject(signal.reason);
  if (signal.aborted) abort();
  signal.addEventListener("abort", abort, { once: true });
  return Promise.race([work, aborted.promise]).finally(() => signal.removeEventListener("abort", abort));
}

function asOutboundError(error: unknown, { host }: URL, timeLimit: AbortSignal): OutboundError {
  if (error instanceof OutboundError) return error;
  if (timeLimit.aborted) return new OutboundError("timeout", `${host} did not answer in time`, error);
  const message = messageOf(error);
  return new OutboundError("unreachable", `${host} cannot be reached: ${message}`, error);
}
