/** One answer, its body as sent. */
export interface Answer {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
}

/** Where a server listens on 127.0.0.1. */
export interface Endpoint {
  readonly port: number;
  /** PEM file of the certificate that the server must show; without one no TLS is spoken. */
  readonly certificateFile?: string | undefined;
}

export interface Question {
  readonly method: string;
  readonly path: string;
  readonly accept?: string;
  readonly contentType?: string;
  readonly body?: Uint8Array;
  /** Gives the answer without its body, whose bytes are counted and thrown away as they come. */
  readonly dropBody?: boolean;
}

/**
 * A keep-alive HTTP/1.1 connection to 127.0.0.1 with one request at a time, as thin as one can be, so that the load
 * costs little beside the server. Chunked bodies are only recognised when they do not hold the closing chunk's bytes.
 */
export class HttpConnection {
  #socket: Bun.Socket | undefined;
  #parts: Buffer[] = [];
  #receivedBytes = 0;
  /** Length of the answer under way, head and body; 0 while it is not known. */
  #announcedBytes = 0;
  #unsent: Buffer | undefined;
  #question: Question = { method: "GET", path: "/" };
  #waiting: PromiseWithResolvers<Answer> | undefined;

  static async open(at: number | Endpoint): Promise<HttpConnection> {
    const { port, certificateFile } = typeof at === "number" ? { port: at, certificateFile: undefined } : at;
    const connection = new HttpConnection();
    connection.#socket = await Bun.connect({
      hostname: "127.0.0.1",
      port,
      ...(certificateFile === undefined ? {} : { tls: { ca: Bun.file(certificateFile) } }),
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
  async ask(question: Question): Promise<Answer> {
    const { method, path, accept, contentType, body } = question;
    const wish = accept === undefined ? "" : `Accept: ${accept}\r\n`;
    const type = contentType === undefined ? "" : `Content-Type: ${contentType}\r\n`;
    const length = method === "GET" || method === "HEAD" ? "" : `Content-Length: ${body?.length ?? 0}\r\n`;
    const head = Buffer.from(`${method} ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n${wish}${type}${length}\r\n`);
    this.#question = question;
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
    this.#receivedBytes += chunk.length;
    const mayDrop = this.#announcedBytes > 0 && this.#question.dropBody === true;
    if (!mayDrop) this.#parts.push(Buffer.from(chunk));
    if (this.#receivedBytes < this.#announcedBytes) return;
    const received = this.#parts.length === 1 && this.#parts[0] ? this.#parts[0] : Buffer.concat(this.#parts);
    const answer = readAnswer(received, mayDrop || this.#question.method === "HEAD");
    if (answer === undefined) return this.#awaitRest(received);
    this.#parts = [];
    this.#receivedBytes = this.#announcedBytes = 0;
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.resolve(answer);
  }

  #awaitRest(received: Buffer): void {
    this.#announcedBytes = readAnswerLength(received) ?? 0;
    const dropsFrom = this.#announcedBytes > 0 && this.#question.dropBody === true;
    this.#parts = [dropsFrom ? received.subarray(0, received.indexOf("\r\n\r\n") + 4) : received];
  }

  #fail(reason: string): void {
    this.#waiting?.reject(new Error(reason));
    this.#waiting = undefined;
  }
}

/** Length of head and body of the answer that `bytes` begin; `undefined` when it does not say it or not yet. */
function readAnswerLength(bytes: Buffer): number | undefined {
  const headEnd = bytes.indexOf("\r\n\r\n");
  const length = /\r\ncontent-length: *(\d+)/i.exec(bytes.toString("latin1", 0, Math.max(headEnd, 0)))?.[1];
  return headEnd < 0 || length === undefined ? undefined : headEnd + 4 + Number(length);
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
