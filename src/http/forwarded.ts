import { BlockList, isIPv6 } from "node:net";
import type { HttpOptions } from "./options.ts";

/** What the client's own connection looked like, before any proxy. */
export interface ClientView {
  readonly scheme: "http" | "https";
  readonly host: string;
  readonly remoteAddress: string;
}

export interface Peer {
  /** Without port; `""` on a unix socket. */
  readonly remoteAddress: string;
  readonly tls: boolean;
}

/** The proxies whose forwarded headers are believed, as networks. */
export class TrustedProxies {
  readonly #networks = new BlockList();
  readonly #isEmpty: boolean;

  /** @param networks such as `10.0.0.0/8`, `::1` */
  constructor(networks: HttpOptions["trustedProxies"]) {
    this.#isEmpty = networks.length === 0;
    for (const network of networks) {
      const [address = "", bits] = network.split("/");
      const family = isIPv6(address) ? "ipv6" : "ipv4";
      if (bits === undefined) this.#networks.addAddress(address, family);
      else this.#networks.addSubnet(address, Number(bits), family);
    }
  }

  has(address: string): boolean {
    if (this.#isEmpty || address === "") return false;
    return this.#networks.check(address, isIPv6(address) ? "ipv6" : "ipv4");
  }
}

/**
 * Who the client is and how it reached us; forwarded headers count only if a trusted proxy sent them.
 * @spec RFC 7239
 */
export function clientView(request: Request, peer: Peer, proxies: TrustedProxies): ClientView {
  const direct: ClientView = {
    scheme: peer.tls ? "https" : "http",
    host: request.headers.get("host") ?? "",
    remoteAddress: peer.remoteAddress,
  };
  return proxies.has(peer.remoteAddress) ? { ...direct, ...forwardedView(request.headers, proxies) } : direct;
}

function forwardedView(headers: Headers, proxies: TrustedProxies): Partial<ClientView> {
  const standard = headers.get("forwarded");
  const pairs = standard === null ? deFactoPairs(headers) : parseForwarded(standard);
  const scheme = pairs.proto?.toLowerCase();
  const remoteAddress = nearestUntrusted(pairs.for, proxies);
  return {
    ...((scheme === "http" || scheme === "https") && { scheme }),
    ...(pairs.host !== undefined && isHost(pairs.host) && { host: pairs.host }),
    ...(remoteAddress !== undefined && { remoteAddress }),
  };
}

interface ForwardedPairs {
  readonly proto?: string | undefined;
  readonly host?: string | undefined;
  /** From the client to the last proxy. */
  readonly for: readonly string[];
}

function deFactoPairs(headers: Headers): ForwardedPairs {
  const first = (name: string) => headers.get(name)?.split(",")[0]?.trim() || undefined;
  const forwardedFor = headers.get("x-forwarded-for") ?? headers.get("x-real-ip") ?? "";
  return {
    proto: first("x-forwarded-proto"),
    host: first("x-forwarded-host"),
    for: forwardedFor.split(",").map((part) => part.trim()),
  };
}

function parseForwarded(header: string): ForwardedPairs {
  const hops = header.split(",").map((hop) => new Map(hop.split(";").map(parsePair)));
  return {
    proto: hops[0]?.get("proto"),
    host: hops[0]?.get("host"),
    for: hops.map((hop) => (hop.get("for") ?? "").replace(/^\[?([^\]]*?)\]?(?::\d+)?$/, "$1")),
  };
}

function parsePair(pair: string): [string, string] {
  const equals = pair.indexOf("=");
  const value = pair.slice(equals + 1).trim();
  return [pair.slice(0, equals).trim().toLowerCase(), value.replace(/^"(.*)"$/, "$1")];
}

/** A client can put anything in front of the list; what the trusted proxies added behind it is true. */
function nearestUntrusted(addresses: readonly string[], proxies: TrustedProxies): string | undefined {
  const known = addresses.filter((address) => address !== "");
  return known.findLast((address) => !proxies.has(address)) ?? known[0];
}

/** Name or address, and perhaps a port. */
export function isHost(text: string): boolean {
  const match = /^(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::(\d{1,5}))?$/i.exec(text);
  return match !== null && Number(match[1] ?? 0) <= 65_535;
}
