import type { LdapConnection } from "./ldap-connection.ts";
import { LdapError } from "./ldap-error.ts";
import type { LdapServers } from "./ldap-servers.ts";

/** Connections of the account that searches, kept for the next one. As many are open as are used at once. */
export class ConnectionPool {
  readonly #servers: LdapServers;
  readonly #open: (url: string) => Promise<LdapConnection>;
  readonly #idleMs: number;
  /** With the timer of each, the last used at the end. */
  readonly #idle: { readonly connection: LdapConnection; readonly timer: NodeJS.Timeout }[] = [];
  #isClosed = false;

  /**
   * @param open gives a connection that may search
   * @param idleMs how long one is kept that nobody uses
   */
  constructor(servers: LdapServers, open: (url: string) => Promise<LdapConnection>, idleMs: number) {
    this.#servers = servers;
    this.#open = open;
    this.#idleMs = idleMs;
  }

  /**
   * Works with a connection; with a new one once more if an idle one turns out to be dead.
   * @throws LdapError
   */
  async use<T>(work: (connection: LdapConnection) => Promise<T>): Promise<T> {
    const idle = this.#takeIdle();
    if (idle !== undefined) {
      try {
        return await this.#workWith(idle, work);
      } catch (error) {
        if (!(error instanceof LdapError)) throw error;
      }
    }
    return this.#servers.tryEach(async (url) => this.#workWith(await this.#open(url), work));
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const idle = this.#idle.splice(0);
    for (const { timer } of idle) clearTimeout(timer);
    await Promise.all(idle.map(({ connection }) => connection.close()));
  }

  async #workWith<T>(connection: LdapConnection, work: (connection: LdapConnection) => Promise<T>): Promise<T> {
    let isGood = false;
    try {
      const result = await work(connection);
      isGood = true;
      return result;
    } finally {
      if (isGood && connection.isOpen && !this.#isClosed) this.#keep(connection);
      else await connection.close();
    }
  }

  #keep(connection: LdapConnection): void {
    const timer = setTimeout(() => void this.#closeIdle(connection), this.#idleMs);
    timer.unref();
    this.#idle.push({ connection, timer });
  }

  #takeIdle(): LdapConnection | undefined {
    for (let last = this.#idle.pop(); last; last = this.#idle.pop()) {
      clearTimeout(last.timer);
      if (last.connection.isOpen) return last.connection;
      void last.connection.close();
    }
    return undefined;
  }

  async #closeIdle(connection: LdapConnection): Promise<void> {
    const index = this.#idle.findIndex((idle) => idle.connection === connection);
    if (index !== -1) this.#idle.splice(index, 1);
    await connection.close();
  }
}
