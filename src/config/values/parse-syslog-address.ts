import type { SyslogAddress } from "../../events/options.ts";
import { parseHostPort } from "./parse-address.ts";

const network = /^(udp|tcp|tls):\/\/([^/]+)\/?$/u;
const socket = /^unix:(?:\/\/)?(\/.+)$/u;

/**
 * Reads `udp://host:514`, `tcp://host:601`, `tls://[::1]:6514` or `unix:/path`.
 *
 * @throws Error that says what is wrong
 */
export function parseSyslogAddress(text: string): SyslogAddress {
  const [, path] = socket.exec(text) ?? [];
  if (path !== undefined) return { transport: "unix", path };
  const [, transport, address = ""] = network.exec(text) ?? [];
  if (transport === undefined)
    throw new Error(`"${text}" is not an address such as udp://host:514, tls://host:6514 or unix:/path`);
  const { hostname, port } = parseHostPort(address);
  if (hostname === "" || port === 0) throw new Error(`"${text}" must name a host and a port`);
  return { transport: transport as "udp" | "tcp" | "tls", hostname, port };
}
