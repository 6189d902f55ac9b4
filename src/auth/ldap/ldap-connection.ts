import { isIP } from "node:net";
import type { ConnectionOptions } from "node:tls";
import type { Client } from "ldapts";
import { LdapEntry } from "./ldap-entry.ts";
import { LdapError, ldapErrorOf } from "./ldap-error.ts";
import type { LdapOptions } from "./options.ts";
import { SocketWatch } from "./socket-watch.ts";

export interface LdapSearch {
  readonly baseDn: string;
  readonly scope: "base" | "sub";
  readonly filter: string;
  readonly attributes: readonly string[];
  /** Those of them that hold bytes. */
  readonly binary?: readonly string[];
  /** What is beyond is left out. */
  readonly maxEntries: number;
}

export type LdapConnectionOptions = Pick<LdapOptions, "tls" | "connectTimeoutMs" | "timeoutMs"> & {
  /** PEM, instead of the authorities of the system. */
  readonly authorities: string | undefined;
};

/** One connection to one server. It is not made again when it is lost. */
export class LdapConnection {
  readonly #client: Client;
  readonly #sockets: SocketWatch;
  readonly #timeoutMs: number;

  /**
   * Says the first word only with StartTLS: without, it connects with the first question.
   * @throws LdapError
   */
  static async open(url: string, options: LdapConnectionOptions): Promise<LdapConnection> {
    // Loaded with the first connection, since most registries have no directory.
    const { Client } = await import("ldapts");
    const isTls = url.startsWith("ldaps:");
    const startTls = options.tls.startTls && !isTls;
    const sockets = new SocketWatch(isTls || startTls);
    const client = new Client({
      url,
      timeout: options.timeoutMs,
      connectTimeout: options.connectTimeoutMs,
      // With any of these the library speaks TLS from the first byte.
      ...(isTls && { tlsOptions: tlsOptionsFor(url, options) }),
      createConnection: sockets.connectTcp,
      createSecureConnection: sockets.connectTls,
    });
    const connection = new LdapConnection(client, sockets, options.timeoutMs);
    if (startTls) await connection.#startTls(tlsOptionsFor(url, options), options.connectTimeoutMs);
    return connection;
  }

  private constructor(client: Client, sockets: SocketWatch, timeoutMs: number) {
    this.#client = client;
    this.#sockets = sockets;
    this.#timeoutMs = timeoutMs;
  }

  /** Whether nobody has hung up yet. */
  get isOpen(): boolean {
    return !this.#sockets.isClosed;
  }

  /**
   * Proves to be somebody.
   * @throws LdapError
   */
  async bind(name: string, password: string): Promise<void> {
    // A server grants an empty password as nobody's; a name such as EXTERNAL asks the library for another way to bind.
    if (password === "" || !/[=@\\]/u.test(name))
      throw new LdapError("not a name and password to bind with", undefined);
    await this.#ask(() => this.#client.bind(name, password));
  }

  /** @throws LdapError */
  async search(search: LdapSearch): Promise<readonly LdapEntry[]> {
    const { baseDn, scope, filter, attributes, binary = [], maxEntries } = search;
    const find = () =>
      this.#client.search(baseDn, {
        scope,
        filter,
        attributes: [...attributes],
        explicitBufferAttributes: [...binary],
        sizeLimit: maxEntries,
        timeLimit: Math.ceil(this.#timeoutMs / 1000),
      });
    const { searchEntries } = await this.#ask(find, `search in ${baseDn}: `);
    return searchEntries.slice(0, maxEntries).map((entry) => new LdapEntry(entry));
  }

  /** In good order if the server is still there. */
  async close(): Promise<void> {
    if (this.#sockets.isConnected) await this.#client.unbind().catch(() => undefined);
    this.#sockets.destroy();
  }

  async #startTls(tls: ConnectionOptions, timeoutMs: number): Promise<void> {
    // The library waits for the end of the handshake for ever.
    const timer = setTimeout(() => this.#sockets.destroy(), timeoutMs);
    try {
      await this.#ask(() => this.#client.startTLS(tls));
    } catch (error) {
      this.#sockets.destroy();
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  async #ask<T>(question: () => Promise<T>, about = ""): Promise<T> {
    try {
      return await this.#sockets.whileOpen(question);
    } catch (error) {
      throw ldapErrorOf(error, about);
    }
  }
}

function tlsOptionsFor(url: string, { tls, authorities }: LdapConnectionOptions): ConnectionOptions {
  const host = hostOf(url);
  const name = tls.serverName ?? host;
  return {
    // What StartTLS compares the certificate with when there is no name; a socket says nothing of its host.
    host,
    ...(isIP(name) === 0 && { servername: name }),
    ...(authorities !== undefined && { ca: authorities }),
    rejectUnauthorized: !tls.skipVerify,
    minVersion: "TLSv1.2",
  };
}

function hostOf(url: string): string {
  return new URL(url).hostname.replaceAll(/[[\]]/gu, "");
}
