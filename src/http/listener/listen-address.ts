import { lookup } from "node:dns/promises";
import { lstat, rm } from "node:fs/promises";
import { connect, isIP, type Server } from "node:net";
import { errorCode, messageOf } from "../../runtime/index.ts";

/** Where to listen. An empty hostname means every address of the machine, IPv4 and IPv6; port 0 any free port. */
export type ListenAddress = TcpAddress | { readonly unixSocketPath: string };

export interface TcpAddress {
  readonly hostname: string;
  readonly port: number;
}

/** The address cannot be listened on; the message says which and why. */
export class ListenError extends Error {
  override readonly name = "ListenError";
  readonly reason: "in-use" | "permission" | "no-such-address" | "refused";

  constructor(reason: ListenError["reason"], message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.reason = reason;
  }
}

/** For messages and logs: `127.0.0.1:5000`, `[::1]:5000`, `:5000` or the path of the socket. */
export function describeAddress(address: ListenAddress): string {
  if ("unixSocketPath" in address) return address.unixSocketPath;
  return `${address.hostname.includes(":") ? `[${address.hostname}]` : address.hostname}:${address.port}`;
}

/** The key of `Bun.serve` for the address. Without a hostname Bun takes `::`, or `0.0.0.0` where there is no IPv6. */
export function bindOptions(address: ListenAddress): { unix: string } | { port: number; hostname?: string } {
  if ("unixSocketPath" in address) return { unix: address.unixSocketPath };
  return address.hostname === "" ? { port: address.port } : { port: address.port, hostname: address.hostname };
}

/** Listens where others may by `reusePort`, too. Rejects with the system's own error. */
export function listenBeside(server: Server, { hostname, port }: TcpAddress): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ port, reusePort: true, ...(hostname !== "" && { host: hostname }) }, resolve);
  });
}

/** Puts words to the system's refusal to listen. */
export function listenError(address: ListenAddress, cause: unknown): ListenError {
  const where = describeAddress(address);
  const code = errorCode(cause);
  if (code === "EADDRINUSE") return new ListenError("in-use", `${where} is in use by another program`, { cause });
  if (code === "EACCES") {
    return new ListenError("permission", `listening on ${where} is not permitted to this user`, { cause });
  }
  if (code === "EADDRNOTAVAIL") {
    return new ListenError("no-such-address", `${where} is not an address of this machine`, { cause });
  }
  const words = messageOf(cause);
  return new ListenError("refused", `listening on ${where} failed: ${words}`, { cause });
}

/** As `listenError`, after a look whether the host has an address at all: the system's words for that are about other things. */
export async function explainRefusal(address: ListenAddress, refusal: unknown): Promise<unknown> {
  if (!(refusal instanceof ListenError) || "unixSocketPath" in address) return refusal;
  const { hostname } = address;
  if (hostname === "" || isIP(hostname) !== 0) return refusal;
  return lookup(hostname).then(
    () => refusal,
    (cause: unknown) => {
      const message = `listening on ${describeAddress(address)} failed: the name ${hostname} cannot be resolved (${errorCode(cause)})`;
      return new ListenError("no-such-address", `${message}: give an address of this machine`, { cause });
    },
  );
}

/**
 * Removes the socket file that a killed process left behind, which would keep the path occupied for ever.
 *
 * @throws ListenError when the path belongs to a living process or is not a socket
 */
export async function clearStaleSocket(path: string): Promise<void> {
  const found = await lstat(path).catch(() => undefined);
  if (!found) return;
  if (!found.isSocket()) throw new ListenError("refused", `${path} exists and is not a socket: remove it`);
  if (await isAnswered(path)) throw new ListenError("in-use", `${path} is in use by another program`);
  await rm(path, { force: true });
}

function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ path });
    socket.once("connect", () => (socket.destroy(), resolve(true)));
    socket.once("error", () => resolve(false));
  });
}
