import { isIPv6 } from "node:net";

/** A TCP address. */
export interface HostPort {
  /** Empty: every address of the machine, IPv4 and IPv6 (`Bun.serve` takes it as it is). IPv6 is without brackets. */
  readonly hostname: string;
  /** 0: any free port. */
  readonly port: number;
}

export interface UnixSocket {
  readonly unixSocketPath: string;
}

export type ListenAddress = HostPort | UnixSocket;

const bracketed = /^\[([^\]]*)\]:([^:]*)$/u;
const plain = /^([^:[\]]*):([^:]*)$/u;
const hostName = /^(?!-)[A-Za-z0-9._-]*(?<!-)$/u;

/**
 * Reads `:5000`, `localhost:5000`, `127.0.0.1:5000` or `[::1]:5000`.
 *
 * @throws Error that says what is wrong with which part
 */
export function parseHostPort(text: string): HostPort {
  const match = bracketed.exec(text) ?? plain.exec(text);
  if (match === null) throw new Error(`"${text}" is not host:port; ${hintFor(text)}`);
  const [, hostname = "", port = ""] = match;
  if (!/^\d{1,5}$/u.test(port) || Number(port) > 65_535) {
    throw new Error(`"${text}" has no port between 0 and 65535 after the last colon`);
  }
  const valid = text.startsWith("[") ? isIPv6(hostname) : hostName.test(hostname);
  if (!valid) throw new Error(`"${text}": "${hostname}" is neither a host name nor an address`);
  return { hostname, port: Number(port) };
}

function hintFor(text: string): string {
  if (text.includes("://")) return "leave the scheme away";
  if (/^\d+$/u.test(text)) return `write ":${text}"`;
  return text.includes("::")
    ? "an IPv6 address stands in brackets, [::1]:5000"
    : "write for example 127.0.0.1:5000 or :5000";
}

/** Writes the address so that `parseHostPort` reads it back; a socket is its path. */
export function formatAddress(address: ListenAddress): string {
  if ("unixSocketPath" in address) return address.unixSocketPath;
  return address.hostname.includes(":")
    ? `[${address.hostname}]:${address.port}`
    : `${address.hostname}:${address.port}`;
}

/** Whether only programs of this machine can connect: 127.0.0.0/8, ::1, localhost, or a unix socket. */
export function isLoopback(address: ListenAddress): boolean {
  if ("unixSocketPath" in address) return true;
  const hostname = address.hostname.toLowerCase();
  if (hostname === "localhost" || /^127(?:\.\d{1,3}){3}$/u.test(hostname)) return true;
  return isIPv6(hostname) && /^[0:]*:0{0,3}1$/u.test(hostname);
}

/** Whether a URL is one of this machine; what is no URL is not. */
export function isLoopbackUrl(url: string): boolean {
  const hostname = URL.parse(url)?.hostname.replaceAll(/[[\]]/gu, "") ?? "";
  return isLoopback({ hostname, port: 0 });
}
