import type { Socket } from "node:net";
import { freeMemory } from "../../runtime/index.ts";

/** How long a client that was told the last may go on sending before it is cut. */
const LINGER_MS = 5000;

/**
 * Passes on what each of two connections sends to the other, no faster than it is taken. What the server has sent before it
 * ended goes out to the last byte; a connection that is cut cuts the other.
 */
export function joinSockets(client: Socket, server: Socket): void {
  const stopSending = passOn(client, server);
  passOn(server, client);
  client.on("error", () => server.destroy());
  server.on("error", () => client.destroy());
  client.once("close", () => server.destroy());
  server.once("end", () => {
    stopSending();
    lingerWith(client);
  });
  server.once("close", () => {
    if (!server.readableEnded) client.destroy();
  });
}

/** As `pipe` does, which leaves the memory of what is sent to the collector: 300 slow clients had 400 MB of it. */
function passOn(from: Socket, to: Socket): () => void {
  const onData = (piece: Buffer) => {
    const isRoomLeft = to.write(piece, () => freeMemory(piece));
    if (!isRoomLeft) from.pause();
  };
  // Resumed by word, as it may have been paused by word.
  from.on("data", onData).resume();
  from.once("end", () => to.end());
  to.on("drain", () => from.resume());
  return () => from.off("data", onData);
}

/** To close while a client still sends would reset the connection, and the client might never see the answer. */
function lingerWith(client: Socket): void {
  client.resume();
  const timer = setTimeout(() => client.destroy(), LINGER_MS);
  client.once("close", () => clearTimeout(timer));
}
