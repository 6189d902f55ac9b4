import { createSocket } from "node:dgram";
import { once } from "node:events";
import { lookup } from "node:dns/promises";

/** More than this is no datagram. */
const MAX_BYTES = 65_000;

/**
 * Sends each message as a datagram. Nobody tells whether one arrives; of one that is too long the end is left away.
 * @throws Error if the address is not known, or the system refuses to send
 * @spec RFC 5426
 */
export async function sendDatagrams(
  messages: readonly string[],
  { hostname, port }: { readonly hostname: string; readonly port: number },
): Promise<void> {
  const { address, family } = await lookup(hostname);
  const socket = createSocket(family === 6 ? "udp6" : "udp4");
  try {
    for (const message of messages) {
      const bytes = Buffer.from(message).subarray(0, MAX_BYTES);
      await new Promise<void>((resolve, reject) =>
        socket.send(bytes, port, address, (error) => (error ? reject(error) : resolve())),
      );
    }
  } finally {
    socket.close();
    await once(socket, "close");
  }
}
