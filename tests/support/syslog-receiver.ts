import { createSocket } from "node:dgram";
import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";

/** Takes syslog messages that come in frames with their length before them, over TCP, TLS or a unix socket. */
export class SyslogReceiver {
  readonly messages: string[] = [];
  connections = 0;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  /** @param where a port of 127.0.0.1, 0 for any, or a path. */
  static async start(
    where: number | string = 0,
    tls?: { readonly cert: string; readonly key: string },
  ): Promise<SyslogReceiver> {
    const receiver = new SyslogReceiver(tls);
    receiver.#server.listen(typeof where === "string" ? { path: where } : { host: "127.0.0.1", port: where });
    await once(receiver.#server, "listening");
    return receiver;
  }

  private constructor(tls?: { readonly cert: string; readonly key: string }) {
    const take = (socket: Socket) => this.#take(socket);
    this.#server = tls ? createTlsServer(tls, take) : createServer(take);
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Ends all connections, without another word. */
  hangUp(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async stop(): Promise<void> {
    this.hangUp();
    const closed = once(this.#server, "close");
    this.#server.close();
    await closed;
  }

  #take(socket: Socket): void {
    this.connections++;
    this.#sockets.add(socket);
    let rest = Buffer.alloc(0);
    socket.on("error", () => undefined);
    socket.on("close", () => this.#sockets.delete(socket));
    socket.on("data", (data: Buffer) => {
      rest = this.#takeFrames(Buffer.concat([rest, data]));
    });
  }

  #takeFrames(bytes: Buffer<ArrayBuffer>): Buffer<ArrayBuffer> {
    const space = bytes.indexOf(" ");
    const length = Number(bytes.subarray(0, Math.max(space, 0)).toString());
    if (space < 1 || bytes.length < space + 1 + length) return bytes;
    this.messages.push(bytes.subarray(space + 1, space + 1 + length).toString("utf8"));
    return this.#takeFrames(bytes.subarray(space + 1 + length));
  }
}

/** Takes each datagram for a message. */
export async function receiveDatagrams(): Promise<{
  readonly messages: string[];
  readonly port: number;
  stop(): void;
}> {
  const socket = createSocket("udp4");
  const messages: string[] = [];
  socket.on("message", (message) => messages.push(message.toString("utf8")));
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  return { messages, port: socket.address().port, stop: () => void socket.close() };
}
