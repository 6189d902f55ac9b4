import { connect, createServer, type Socket } from "node:net";

/** A wire between a client and a server of 127.0.0.1 that changes nothing and remembers what the client said. */
export interface TcpTap {
  readonly port: number;
  /** Everything that clients sent so far, with bodies. */
  sent(): string;
  close(): void;
}

export async function startTcpTap(targetPort: number): Promise<TcpTap> {
  const heard: Buffer[] = [];
  const open = new Set<Socket>();
  const server = createServer((client) => {
    const target = connect(targetPort, "127.0.0.1");
    for (const [socket, other] of [
      [client, target],
      [target, client],
    ] as const) {
      open.add(socket);
      socket.on("error", () => other.destroy()).on("close", () => open.delete(socket));
      socket.pipe(other);
    }
    client.on("data", (chunk: Buffer) => heard.push(chunk));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the tap has no port");
  return {
    port: address.port,
    sent: () => Buffer.concat(heard).toString("latin1"),
    close: () => {
      server.close();
      for (const socket of open) socket.destroy();
    },
  };
}
