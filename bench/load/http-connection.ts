/** One answer; `bytes` is the length of the body as sent. */
export interface Answer {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
}

export interface Question {
  readonly method: string;
  readonly path: string;
  readonly contentType?: string;
  readonly body?: Uint8Array;
}

/**
 * A keep-alive HTTP/1.1 connection to 127.0.0.1 with one request at a time, as thin as one can be, so that the load
 * costs little beside the server. Chunked bodies are only recognised when they do not hold the closing chunk's bytes.
 */
export class HttpConnection {
  #socket: Bun.Socket | undefined;
  #received = Buffer.alloc(0);
  #unsent: Buffer | undefined;
  #headOnly = false;
  #waiting: PromiseWithResolvers<Answer> | undefined;

  static async open(port: number): Promise<HttpConnection> {
    const connection = new HttpConnection();
    connection.#socket = await Bun.connect({
      hostname: "127.0.0.1",
      port,
      socket: {
        data: (_socket, chunk) => connection.#receive(chunk),
        drain: () => connection.#send(),
        close: () => connection.#fail("the server closed the connection"),
        error: (_socket, error) => connection.#fail(error.message),
      },
    });
    connection.#socket.setNoDelay(true);
    return connection;
  }

  /** Sends a request and waits for the whole answer. Throws when the connection breaks. */
  async ask({ method, path, contentType, body }: Question): Promise<Answer> {
    const type = contentType === undefined ? "" : `Content-Type: ${contentType}\r\n`;
    const length = method === "GET" || method === "HEAD" ? "" : `Content-Length: ${body?.length ?? 0}\r\n`;
    const head = Buffer.from(`${method} ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n${type}${length}\r\n`);
    this.#headOnly = method === "HEAD";
    this.#unsent = body === undefined ? head : Buffer.concat([head, body]);
    this.#waiting = Promise.withResolvers();
    const answer = this.#waiting.promise;
    this.#send();
    return answer;
  }

  close(): void {
    this.#waiting = undefined;
    this.#socket?.end();
  }

  #send(): void {
    if (this.#unsent === undefined || this.#socket === undefined) return;
    const sent = this.#socket.write(this.#unsent);
    this.#unsent = sent < this.#unsent.length ? this.#unsent.subarray(Math.max(sent, 0)) : undefined;
  }

  #receive(chunk: Buffer): void {
    this.#received = this.#received.length === 0 ? Buffer.from(chunk) : Buffer.concat([this.#received, chunk]);
    const answer = readAnswer(this.#received, this.#headOnly);
    if (answer === undefined) return;
    this.#received = Buffer.alloc(0);
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.resolve(answer);
  }

  #fail(reason: string): void {
    this.#waiting?.reject(new Error(reason));
    this.#waiting = undefined;
  }
}

/** The answer in `bytes`, or `undefined` while some of it is missing. */
export function readAnswer(bytes: Buffer, headOnly: boolean): Answer | undefined {
  const headEnd = bytes.indexOf("\r\n\r\n");
  if (headEnd < 0) return undefined;
  const [statusLine = "", ...lines] = bytes.toString("latin1", 0, headEnd).split("\r\n");
  const headers = new Map(lines.map(splitHeader));
  const body = bytes.subarray(headEnd + 4);
  const answer = { status: Number(statusLine.split(" ")[1]), headers, body };
  if (headOnly || answer.status === 204 || answer.status === 304) return answer;
  if (headers.get("transfer-encoding") === "chunked")
    return body.toString("latin1").endsWith("0\r\n\r\n") ? answer : undefined;
  return body.length >= Number(headers.get("content-length") ?? 0) ? answer : undefined;
}

/** Path and query of a header that may hold a whole URL, as `Location` and `Link` may. */
export function pathOf(url: string): string {
  return url.replace(/^https?:\/\/[^/]+/, "");
}

function splitHeader(line: string): [string, string] {
  const colon = line.indexOf(":");
  return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
}
