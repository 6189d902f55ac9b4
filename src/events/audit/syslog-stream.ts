import { readFile } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import type { SyslogOptions } from "../options.ts";

const TIMEOUT_MS = 10_000;

/**
 * A connection over which messages go, each with its length before it.
 * @spec RFC 5425, 4.3; RFC 6587, 3.4.1
 */
export class SyslogStream {
  readonly #socket: Socket;
  #failure: Error | undefined;

  /** @throws Error if there is no connection within 10 s; certificates are read anew for each */
  static async connect(options: SyslogOptions, signal: AbortSignal): Promise<SyslogStream> {
    const socket = await openSocket(options);
    const ready = options.address.transport === "tls" ? "secureConnect" : "connect";
    const stream = new SyslogStream(socket);
    const { promise, resolve } = Promise.withResolvers<void>();
    socket.once(ready, resolve);
    await stream.#settled(promise, signal);
    return stream;
  }

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("error", (error) => (this.#failure ??= error));
    // Receivers say nothing; their end is only seen by who reads.
    socket.on("end", () => socket.destroy());
    socket.resume();
    socket.unref();
  }

  get isOpen(): boolean {
    return !this.#socket.destroyed;
  }

  /** Resolves when the system has taken all of it. @throws Error if the connection breaks, or nothing moves for 10 s */
  async write(messages: readonly string[], signal: AbortSignal): Promise<void> {
    const frames = messages.map((message) => `${Buffer.byteLength(message)} ${message}`).join("");
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#socket.write(frames, () => resolve());
    await this.#settled(promise, signal);
  }

  async end(): Promise<void> {
    if (!this.isOpen) return;
    const closed = new Promise<void>((resolve) => this.#socket.once("close", () => resolve()));
    this.#socket.end();
    await Promise.race([closed, Bun.sleep(1000)]);
    this.destroy();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  async #settled(done: Promise<void>, signal: AbortSignal): Promise<void> {
    const { promise: failed, reject } = Promise.withResolvers<never>();
    const late = AbortSignal.timeout(TIMEOUT_MS);
    const fail = () => reject(this.#failure ?? new Error("the connection was closed"));
    const giveUp = () => reject(new Error(signal.aborted ? "stopped" : `nothing moved for ${TIMEOUT_MS / 1000} s`));
    this.#socket.once("close", fail);
    for (const each of [late, signal]) each.addEventListener("abort", giveUp, { once: true });
    try {
      if (this.#socket.destroyed) fail();
      if (signal.aborted) giveUp();
      await Promise.race([done, failed]);
    } catch (error) {
      this.destroy();
      throw error;
    } finally {
      this.#socket.off("close", fail);
      signal.removeEventListener("abort", giveUp);
    }
  }
}

async function openSocket({ address, caPath, certificatePath, keyPath }: SyslogOptions): Promise<Socket> {
  if (address.transport === "unix") return connect({ path: address.path });
  const { hostname: host, port } = address;
  if (address.transport !== "tls") return connect({ host, port });
  const [ca, cert, key] = await Promise.all([caPath, certificatePath, keyPath].map(read));
  return connectTls({ host, port, servername: host, ca, cert, key });
}

async function read(path: string | undefined): Promise<Buffer | undefined> {
  return path === undefined ? undefined : readFile(path);
}
