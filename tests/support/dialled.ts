import { connect, type Socket } from "node:net";

/** A connection by hand, for a client that is slow, or silent, or gone. */
export interface Dialled {
  send(bytes: string | Uint8Array): void;
  /** The first 64 KiB of what came back, a character a byte. */
  received(): string;
  receivedBytes(): number;
  /** Reads nothing more until it resumes; the server's side fills up. */
  pause(): void;
  resume(): void;
  /** Hangs up. */
  hangUp(): void;
  /** When the connection is closed, by whomever. */
  readonly closed: Promise<void>;
}

const keptBytes = 64 * 1024;

/** @throws when nobody listens. */
export async function dial(target: { readonly port: number } | { readonly path: string }): Promise<Dialled> {
  const socket = "port" in target ? connect(target.port, "127.0.0.1") : connect(target.path);
  const opened = Promise.withResolvers<void>();
  socket.once("connect", opened.resolve).once("error", opened.reject);
  const dialled = listenTo(socket);
  await opened.promise;
  // From now on a reset is an end like any other.
  socket.on("error", () => undefined);
  return dialled;
}

function listenTo(socket: Socket): Dialled {
  let kept = "";
  let count = 0;
  socket.on("data", (chunk: Buffer) => {
    count += chunk.byteLength;
    if (kept.length < keptBytes) kept += chunk.toString("latin1", 0, keptBytes - kept.length);
  });
  return {
    send: (bytes) => void socket.write(typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes),
    received: () => kept,
    receivedBytes: () => count,
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
    hangUp: () => void socket.destroy(),
    closed: new Promise((resolve) => socket.once("close", () => resolve())),
  };
}
