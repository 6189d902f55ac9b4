import { type Config, formatAddress } from "../config/index.ts";

/** Addresses that mean this machine to who sits at it. */
const HERE: ReadonlySet<string> = new Set(["", "0.0.0.0", "::", "127.0.0.1", "::1"]);

/**
 * What somebody at this machine calls the registry: its public URL, or scheme, host and port. Nobody else may reach it under that.
 * @param port that it listens on, where the configuration leaves that open
 */
export function serverFromHere({ http }: Pick<Config, "http">, port?: number): string {
  const { address, host, tls, prefix } = http;
  if (host !== undefined) return host;
  if ("unixSocketPath" in address) return "<server>";
  const hostname = HERE.has(address.hostname) ? "localhost" : address.hostname;
  const place = formatAddress({ hostname, port: port || address.port });
  return `${tls ? "https" : "http"}://${place}${prefix.replace(/\/$/, "")}`;
}
