import { HttpConnection } from "./http-connection.ts";
import { openUpload } from "./push-blob.ts";
import { answerLoad } from "./run-load.ts";

export interface SlowClientsInput {
  readonly port: number;
  readonly kind: "pull" | "push";
  readonly clients: number;
  /** Blob path for pulls, repository for pushes. */
  readonly target: string;
  readonly seconds: number;
}

interface SlowClientsResult {
  /** Clients that moved at least two pieces; a busy server may not come to all of them in time. */
  readonly served: number;
  readonly megabytes: number;
}

const TURN_MS = 500;
/** With one piece a turn a client moves 256 KiB/s. */
const PIECE = Buffer.alloc(128 * 1024, "slow ");
/** What a push says it will send; far more than it does before the time is over. */
const ANNOUNCED_BYTES = 256 * 2 ** 20;

interface SlowClient {
  /** Lets the client move one piece. */
  turn(): void;
  movedBytes(): number;
  close(): void;
}

/** Holds many transfers open that all crawl, until the time is over, then breaks them off. */
async function runSlowClients(input: SlowClientsInput): Promise<SlowClientsResult> {
  const open = input.kind === "pull" ? openSlowPull : openSlowPush;
  const clients: SlowClient[] = [];
  for (let number = 0; number < input.clients; number += 1) clients.push(await open(input));
  const turns = Math.ceil((input.seconds * 1000) / TURN_MS);
  for (let turn = 0; turn < turns; turn += 1) {
    for (const client of clients) client.turn();
    await Bun.sleep(TURN_MS);
  }
  const moved = clients.map((client) => client.movedBytes());
  for (const client of clients) client.close();
  return {
    served: moved.filter((bytes) => bytes >= 2 * PIECE.length).length,
    megabytes: moved.reduce((sum, bytes) => sum + bytes, 0) / 1e6,
  };
}

async function openSlowPull({ port, target }: SlowClientsInput): Promise<SlowClient> {
  let moved = 0;
  let allowed = 0;
  const socket = await Bun.connect({
    hostname: "127.0.0.1",
    port,
    socket: {
      data: (socket, chunk) => {
        moved += chunk.length;
        if (moved >= allowed) socket.pause();
      },
    },
  });
  socket.write(`GET ${target} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`);
  const turn = (): void => {
    allowed += PIECE.length;
    if (moved < allowed) socket.resume();
  };
  return { turn, movedBytes: () => moved, close: () => socket.terminate() };
}

async function openSlowPush({ port, target }: SlowClientsInput): Promise<SlowClient> {
  const opener = await HttpConnection.open(port);
  const path = await openUpload(opener, target);
  opener.close();
  let moved = 0;
  const socket = await Bun.connect({ hostname: "127.0.0.1", port, socket: { data: () => {} } });
  const type = "Content-Type: application/octet-stream";
  socket.write(`PATCH ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n${type}\r\nContent-Length: ${ANNOUNCED_BYTES}\r\n\r\n`);
  const turn = (): void => {
    moved += Math.max(socket.write(PIECE), 0);
  };
  return { turn, movedBytes: () => moved, close: () => socket.terminate() };
}

export type SlowClients = typeof runSlowClients;

await answerLoad(runSlowClients);
