import { connect, createServer, type Socket } from "node:net";

import { takeFreePort } from "../support/free-port.ts";

/** What is wrong with a server, or between it and the registry. */
export type FrontBehaviour =
  | { readonly kind: "closed" | "hanging-up" | "silent" | "endless" | "nonsense" | "silent-after-start-tls" }
  /** In front of a real server: from the second connection on, puts the beginning of "bound" behind its answer to StartTLS. */
  | { readonly kind: "injecting"; readonly port: number };

export interface Front {
  readonly url: string;
  /** Open at the moment. */
  connections(): number;
  /** Ever. */
  accepted(): number;
  close(): void;
}

/** Success for the second message, which is what a client sends first. */
const startTlsGranted = Buffer.from("300c02010278070a010004000400", "hex");
/** Success for the third, without its last byte, which whatever comes next will be. */
const bindGranted = Buffer.from("300d02010361080a010004000401", "hex");

export async function startFront(behaviour: FrontBehaviour): Promise<Front> {
  if (behaviour.kind === "closed") {
    return { url: `ldap://127.0.0.1:${takeFreePort()}`, connections: () => 0, accepted: () => 0, close: () => {} };
  }
  const open = new Set<Socket>();
  let accepted = 0;
  const server = createServer((client) => {
    accepted++;
    open.add(client);
    client.on("error", () => {}).on("close", () => open.delete(client));
    behave(client, behaviour, accepted);
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the front has no port");
  return {
    url: `ldap://127.0.0.1:${address.port}`,
    connections: () => open.size,
    accepted: () => accepted,
    close() {
      server.close();
      for (const client of open) client.destroy();
    },
  };
}

function behave(client: Socket, behaviour: FrontBehaviour, accepted: number): void {
  switch (behaviour.kind) {
    case "hanging-up":
      client.once("data", () => client.end());
      return;
    case "endless":
      client.once("data", () => void sendEntries(client));
      return;
    case "nonsense":
      client.on("data", () => client.write("HTTP/1.1 400 Bad Request\r\n\r\n"));
      return;
    case "silent-after-start-tls":
      client.once("data", () => client.write(startTlsGranted)).on("data", () => {});
      return;
    case "injecting":
      passOn(client, behaviour.port, accepted > 1 ? bindGranted : Buffer.alloc(0));
      return;
    case "closed":
    case "silent":
      client.on("data", () => {});
  }
}

function passOn(client: Socket, port: number, extra: Buffer): void {
  const target = connect(port, "127.0.0.1");
  target.on("error", () => client.destroy()).on("close", () => client.destroy());
  client.on("close", () => target.destroy());
  client.pipe(target);
  target.once("data", (answer: Buffer) => {
    client.write(Buffer.concat([answer, extra]));
    target.pipe(client);
  });
}

/** One answer after the other to a bind that is never over. */
async function sendEntries(client: Socket): Promise<void> {
  const header = Buffer.from("3084ffffff00", "hex");
  client.write(header);
  const piece = Buffer.alloc(1024 * 1024);
  while (!client.destroyed) {
    if (!client.write(piece)) await new Promise((resolve) => client.once("drain", resolve).once("close", resolve));
  }
}
