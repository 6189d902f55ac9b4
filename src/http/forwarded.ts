import { isIP } from "node:net";
import type { Networks } from "../runtime/index.ts";

/** What trusted proxies say of the client that they ask for; what none of them says is absent. */
export interface Forwarded {
  readonly scheme?: "http" | "https";
  readonly host?: string;
  readonly address?: string;
}

/**
 * Reads what proxies say of the client, in headers that came from one that is trusted.
 * @param proxies the trusted ones
 * @spec RFC 7239
 */
export function readForwarded(headers: Headers, proxies: Networks): Forwarded {
  const said = deFactoHops(headers) ?? standardHops(headers.get("forwarded"));
  const hop = clientHop(said.addresses, proxies);
  const scheme = ofHop(said.schemes, hop)?.toLowerCase();
  const host = ofHop(said.hosts, hop);
  const address = ofHop(said.addresses, hop);
  return {
    ...((scheme === "http" || scheme === "https") && { scheme }),
    ...(host !== undefined && isHost(host) && { host }),
    ...(address !== undefined && isIP(address) && { address }),
  };
}

/** What each proxy on the way said of whom it was asked by; the nearest to us is the last. */
interface ForwardedHops {
  readonly schemes: readonly string[];
  readonly hosts: readonly string[];
  readonly addresses: readonly string[];
}

/** Most proxies set these and pass on a `Forwarded` that the client may have made up. */
function deFactoHops(headers: Headers): ForwardedHops | undefined {
  const listed = (name: string) => (headers.get(name) ?? "").split(",").flatMap((part) => part.trim() || []);
  const schemes = listed("x-forwarded-proto");
  const hosts = listed("x-forwarded-host");
  const forwardedFor = listed("x-forwarded-for");
  const addresses = (forwardedFor.length > 0 ? forwardedFor : listed("x-real-ip")).map(withoutPort);
  if (schemes.length + hosts.length + addresses.length === 0) return undefined;
  return { schemes, hosts, addresses };
}

/** @spec RFC 7239, 4 */
function standardHops(header: string | null): ForwardedHops {
  const hops = (header ?? "").split(",").map((hop) => new Map(hop.split(";").map(parsePair)));
  const listed = (name: string) => hops.map((hop) => hop.get(name) ?? "");
  return { schemes: listed("proto"), hosts: listed("host"), addresses: listed("for").map(withoutPort) };
}

function parsePair(pair: string): [string, string] {
  const equals = pair.indexOf("=");
  const value = pair.slice(equals + 1).trim();
  return [pair.slice(0, equals).trim().toLowerCase(), value.replace(/^"(.*)"$/, "$1")];
}

function withoutPort(address: string): string {
  const match = /^(?:\[([^\]]*)\]|([^:]*))(?::\d+)?$/.exec(address);
  return match?.[1] ?? match?.[2] ?? address;
}

/**
 * How far from the end that proxy stands which the client itself talked to. A client can put anything in front of the list;
 * what the trusted proxies added behind it is true.
 */
function clientHop(addresses: readonly string[], proxies: Networks): number {
  const client = addresses.findLastIndex((address) => !proxies.has(address));
  return Math.max(addresses.length, 1) - 1 - Math.max(client, 0);
}

/** A proxy that sets one value instead of adding to a list speaks for all behind it. */
function ofHop(values: readonly string[], hop: number): string | undefined {
  return values[Math.max(0, values.length - 1 - hop)];
}

/** Most clients name the same one. */
let lastHost: string | undefined;

/** Name or address, and perhaps a port. */
export function isHost(text: string): boolean {
  if (text === lastHost) return true;
  const match = /^(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::(\d{1,5}))?$/i.exec(text);
  const isOne = match !== null && Number(match[1] ?? 0) <= 65_535;
  if (isOne) lastHost = text;
  return isOne;
}
