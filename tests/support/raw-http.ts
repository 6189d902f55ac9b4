import { connect, type Socket } from "node:net";

import { patientMs } from "./patience.ts";

/** What came back over a connection after raw bytes were sent. */
export interface RawAnswer {
  /** 0: the connection was closed without an answer. */
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** Whether the server closed the connection after it. */
  readonly isClosed: boolean;
}

/** Bytes to send, or milliseconds to wait before what follows. */
export type Piece = string | Uint8Array | number;

export interface RawOptions {
  /** Default: 20 seconds. */
  readonly timeoutMs?: number;
  /** Ends our side after the last piece: a client that has gone. A number: so many milliseconds after it. */
  readonly hangUp?: boolean | number;
}

/**
 * Sends exactly these bytes to 127.0.0.1 and reads the first answer that is final: what `fetch` would refuse or tidy up.
 * Texts are sent as Latin-1, one byte a character.
 *
 * @throws when there is neither an answer nor an end in time: the server hangs.
 */
export async function askRaw(
  port: number,
  pieces: Piece | readonly Piece[],
  { timeoutMs = patientMs(20_000), hangUp = false }: RawOptions = {},
): Promise<RawAnswer> {
  const socket = connect({ host: "127.0.0.1", port });
  const list = typeof pieces === "object" && !(pieces instanceof Uint8Array) ? pieces : [pieces];
  const [first = ""] = list;
  const expectsBody = !(typeof first === "string" && first.startsWith("HEAD "));
  const { promise, resolve, reject } = Promise.withResolvers<RawAnswer>();
  const timer = setTimeout(() => reject(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
  let received = "";
  const finish = (isClosed: boolean) => {
    const answer = parseAnswer(received, expectsBody, isClosed);
    if (answer !== undefined) resolve(answer);
  };
  socket.on("data", (data: Buffer) => {
    received += data.toString("latin1");
    finish(false);
  });
  socket.on("close", () => finish(true));
  // A reset is an end like any other; `close` follows.
  socket.on("error", () => undefined);
  try {
    await sendPieces(socket, list);
    if (hangUp === true) socket.end();
    else if (hangUp !== false) setTimeout(() => socket.end(), hangUp).unref();
    return await promise;
  } finally {
    clearTimeout(timer);
    socket.destroy();
  }
}

async function sendPieces(socket: Socket, pieces: readonly Piece[]): Promise<void> {
  for (const piece of pieces) {
    if (typeof piece === "number") await Bun.sleep(piece);
    else if (!socket.destroyed && socket.writable) {
      // Not waited for: a server may answer, and stop reading, before all is sent.
      socket.write(typeof piece === "string" ? Buffer.from(piece, "latin1") : piece);
    }
  }
}

/** `undefined` while it is not complete. */
function parseAnswer(received: string, expectsBody: boolean, isClosed: boolean): RawAnswer | undefined {
  const headEnd = received.indexOf("\r\n\r\n");
  if (headEnd < 0) return isClosed ? { status: 0, headers: new Headers(), text: "", isClosed } : undefined;
  const [statusLine = "", ...lines] = received.slice(0, headEnd).split("\r\n");
  const status = Number(statusLine.split(" ")[1]);
  const rest = received.slice(headEnd + 4);
  if (status === 100) return parseAnswer(rest, expectsBody, isClosed);
  const headers = new Headers();
  for (const line of lines) headers.append(line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1).trim());
  const hasBody = expectsBody && status !== 204 && status !== 304;
  const length = headers.get("content-length");
  const isWhole = !hasBody || (length === null ? rest.endsWith("0\r\n\r\n") : rest.length >= Number(length));
  if (!isWhole && !isClosed) return undefined;
  // What follows is the next answer.
  const body = hasBody && length !== null ? rest.slice(0, Number(length)) : rest;
  const text = Buffer.from(body, "latin1").toString("utf8");
  return { status, headers, text, isClosed: isClosed || headers.get("connection") === "close" };
}
