import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { LdapError } from "./ldap-error.ts";

/** More than this is no answer about one user. */
const MAX_ANSWER_BYTES = 16 * 1024 * 1024;
/** The answer to StartTLS is shorter. */
const MAX_PLAIN_BYTES = 64 * 1024;

/**
 * Keeps an eye on the sockets of one connection: the plain one, the encrypted one, or with StartTLS the one inside the other.
 * The client library does not notice when the other side hangs up after StartTLS.
 */
export class SocketWatch {
  readonly #counted: "tcp" | "tls";
  readonly #sockets: Socket[] = [];
  readonly #waiting = new Set<(error: LdapError) => void>();
  /** With StartTLS: what came before TLS. */
  #plainBytes: Buffer = Buffer.alloc(0);
  #isClosed = false;
  #receivedBytes = 0;

  /** @param usesTls whether what comes over the plain socket is not yet what the server said */
  constructor(usesTls: boolean) {
    this.#counted = usesTls ? "tls" : "tcp";
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  get isConnected(): boolean {
    return this.#sockets.length > 0 && !this.#isClosed;
  }

  // Sound: the library calls both with the arguments that it was given, or its own port and host.
  readonly connectTcp = ((...target: Parameters<typeof connectTcp>) => {
    this.#refuseSecond("tcp");
    return this.#watch(connectTcp(...target), "tcp");
  }) as typeof connectTcp;

  readonly connectTls = ((...target: Parameters<typeof connectTls>) => {
    this.#refuseSecond("tls");
    if (this.#sockets.length > 0) this.#endPlainTalk();
    return this.#watch(connectTls(...target), "tls");
  }) as typeof connectTls;

  /**
   * Waits for an answer as long as there is somebody to give it.
   * @throws what `answer` throws, or LdapError when the connection ends before
   */
  async whileOpen<T>(answer: () => Promise<T>): Promise<T> {
    if (this.#isClosed) throw closedError();
    this.#receivedBytes = 0;
    const ended = Promise.withResolvers<never>();
    this.#waiting.add(ended.reject);
    try {
      return await Promise.race([answer(), ended.promise]);
    } finally {
      this.#waiting.delete(ended.reject);
    }
  }

  destroy(): void {
    this.#isClosed = true;
    for (const socket of this.#sockets) {
      // The library takes its listeners off a socket that failed, and an error without one would end the process.
      socket.on("error", () => undefined);
      socket.destroy();
    }
  }

  /** A connection that the library makes again by itself would be without StartTLS and without bind. */
  #refuseSecond(kind: "tcp" | "tls"): void {
    const isUpgrade = kind === "tls" && this.#counted === "tls" && this.#sockets.length === 1;
    if (this.#isClosed || (this.#sockets.length > 0 && !isUpgrade)) throw closedError();
  }

  #watch<S extends Socket>(socket: S, kind: "tcp" | "tls"): S {
    this.#sockets.push(socket);
    const onEnd = () => {
      this.#isClosed = true;
      // The error that was the reason comes first.
      setImmediate(() => this.#fail(closedError()));
    };
    socket.on("end", onEnd).on("close", onEnd);
    socket.on("data", kind === this.#counted ? this.#count : this.#keepPlain);
    return socket;
  }

  /** A piece of an answer that somebody slips in before TLS would be taken for the beginning of what comes through it. */
  #endPlainTalk(): void {
    for (const socket of this.#sockets) socket.off("data", this.#keepPlain);
    if (!isOneMessage(this.#plainBytes)) throw new LdapError("the server said more before TLS than it may", undefined);
  }

  readonly #keepPlain = (bytes: Buffer): void => {
    if (this.#plainBytes.byteLength < MAX_PLAIN_BYTES) this.#plainBytes = Buffer.concat([this.#plainBytes, bytes]);
  };

  readonly #count = (bytes: Buffer): void => {
    this.#receivedBytes += bytes.byteLength;
    if (this.#receivedBytes <= MAX_ANSWER_BYTES) return;
    this.#fail(new LdapError(`the answer is longer than ${MAX_ANSWER_BYTES} bytes`, undefined));
    this.destroy();
  };

  #fail(error: LdapError): void {
    for (const reject of this.#waiting) reject(error);
    this.#waiting.clear();
  }
}

function closedError(): LdapError {
  return new LdapError("the connection was closed", undefined);
}

/** Whether a message of LDAP ends where the bytes end. */
function isOneMessage(bytes: Buffer): boolean {
  const length = bytes[1] ?? 0;
  const lengthBytes = length < 0x80 ? 0 : length - 0x80;
  if (bytes.byteLength < 2 + lengthBytes || lengthBytes > 4) return false;
  const contentBytes = lengthBytes === 0 ? length : bytes.readUIntBE(2, lengthBytes);
  return bytes.byteLength === 2 + lengthBytes + contentBytes;
}
