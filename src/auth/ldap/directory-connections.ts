import { readFileSync } from "node:fs";
import { type Clock, FileError, type Log } from "../../runtime/index.ts";
import { ConnectionPool } from "./connection-pool.ts";
import { LdapConnection } from "./ldap-connection.ts";
import { LdapError, ldapErrorOf, refusalReason } from "./ldap-error.ts";
import { LdapServers } from "./ldap-servers.ts";
import type { LdapOptions } from "./options.ts";

/** Shorter than what firewalls and servers usually allow. */
const IDLE_MS = 60_000;

/** All connections to one directory: those of the account that searches are kept, those of users are not. */
export class DirectoryConnections {
  readonly #options: LdapOptions;
  readonly #authorities: string | undefined;
  readonly #servers: LdapServers;
  readonly #searching: ConnectionPool;
  readonly #open = new Set<LdapConnection>();
  #isClosed = false;

  /** @throws Error if the file of the authorities cannot be read */
  constructor(options: LdapOptions, needs: { readonly clock: Clock; readonly log: Log }) {
    this.#options = options;
    this.#authorities = readAuthorities(options);
    this.#servers = new LdapServers(options.urls, needs);
    this.#searching = new ConnectionPool(this.#servers, (url) => this.#connectForSearch(url), IDLE_MS);
  }

  /**
   * Works on a connection of the account that searches.
   * @throws LdapError if no server will do
   */
  search<T>(work: (connection: LdapConnection) => Promise<T>): Promise<T> {
    return this.#searching.use(work);
  }

  /**
   * Works on a connection of its own, which nobody is bound to yet.
   * @throws LdapError if no server will do
   */
  asUser<T>(work: (connection: LdapConnection) => Promise<T>): Promise<T> {
    return this.#servers.tryEach(async (url) => {
      const connection = await this.#connect(url);
      try {
        return await work(connection);
      } finally {
        await connection.close();
      }
    });
  }

  /** At once: who still waits for an answer gets an LdapError. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#searching.close();
    await Promise.all([...this.#open].map((connection) => connection.close()));
  }

  async #connect(url: string): Promise<LdapConnection> {
    for (const other of this.#open) if (!other.isOpen) this.#open.delete(other);
    if (this.#isClosed) throw new LdapError("the registry stops", undefined);
    const authorities = this.#authorities;
    const connection = await LdapConnection.open(url, { ...this.#options, authorities });
    this.#open.add(connection);
    // Whoever closes has not seen this one.
    if (this.#isClosed) await connection.close();
    return connection;
  }

  async #connectForSearch(url: string): Promise<LdapConnection> {
    const connection = await this.#connect(url);
    const { bind } = this.#options;
    if (bind.kind === "direct" || bind.dn === undefined) return connection;
    try {
      await connection.bind(bind.dn, bind.password ?? "");
      return connection;
    } catch (thrown) {
      await connection.close();
      const error = ldapErrorOf(thrown);
      if (error.resultCode === undefined) throw error;
      throw new LdapError(`${bind.dn} cannot bind: ${refusalReason(error)}`, error.resultCode, error);
    }
  }
}

function readAuthorities({ name, tls }: LdapOptions): string | undefined {
  if (tls.caPath === undefined) return undefined;
  try {
    return readFileSync(tls.caPath, "utf8");
  } catch (cause) {
    throw new FileError(`the authorities of the directory ${name}`, cause);
  }
}
