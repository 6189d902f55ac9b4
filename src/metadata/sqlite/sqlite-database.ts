import type { Database } from "bun:sqlite";
import { type FileHandle, mkdir, open } from "node:fs/promises";
import { dirname } from "node:path";
import { Kysely, SqliteDialect } from "kysely";
import { CoalescedSync } from "../../runtime/index.ts";
import type { MetadataDatabase, Queries, TransactionOptions } from "../database.ts";
import { type HotReads, prepareHotReads } from "../hot-reads.ts";
import { migrateToLatest } from "../migrate.ts";
import type { Schema } from "../schema.ts";
import { asKyselyDatabase, openConnection } from "./bun-sqlite.ts";
import { namedSqliteError } from "./sqlite-error.ts";

/**
 * Opens the database file, creating it and its folder if need be, and brings its tables up to date.
 * @param path a file, or `:memory:` for a database that ends with the process
 * @throws MetadataError
 */
export async function openSqlite(path: string): Promise<MetadataDatabase> {
  try {
    if (path !== ":memory:") await mkdir(dirname(path), { recursive: true });
    return await SqliteMetadata.open(path);
  } catch (error) {
    throw namedSqliteError(error);
  }
}

/**
 * One connection writes, another reads, so that a reader never sees what is not yet committed.
 * Commits append to the write-ahead log; the log is then synced once for all that committed in the meantime.
 */
class SqliteMetadata implements MetadataDatabase {
  readonly reads: Queries;
  readonly hot: HotReads;
  readonly #writes: Queries;
  readonly #log: FileHandle | undefined;
  readonly #sync: CoalescedSync | undefined;

  static async open(path: string): Promise<SqliteMetadata> {
    const writer = openConnection(path);
    const writes = kyselyOn(writer);
    await migrateToLatest(writes);
    if (path === ":memory:") return new SqliteMetadata(writes, writes, writer, undefined);
    const reader = openConnection(path);
    // The log exists from here on: it is removed when the last connection closes.
    return new SqliteMetadata(writes, kyselyOn(reader), reader, await open(`${path}-wal`, "a"));
  }

  private constructor(writes: Queries, reads: Queries, reader: Database, log: FileHandle | undefined) {
    this.#writes = writes;
    this.reads = reads;
    this.hot = prepareHotReads(reads, (sql) => prepareFirstRow(reader, sql));
    this.#log = log;
    this.#sync = log && new CoalescedSync(() => log.datasync());
  }

  async transaction<T>(work: (queries: Queries) => Promise<T>, options: TransactionOptions = {}): Promise<T> {
    try {
      const result = await this.#writes.transaction().execute(work);
      if (options.durable !== false) await this.#sync?.sync();
      return result;
    } catch (error) {
      throw namedSqliteError(error);
    }
  }

  async check(): Promise<void> {
    try {
      await this.reads.selectFrom("repositories").select("id").limit(1).execute();
    } catch (error) {
      throw namedSqliteError(error);
    }
  }

  async close(): Promise<void> {
    await this.#sync?.sync();
    await this.#log?.close();
    if (this.reads !== this.#writes) await this.reads.destroy();
    await this.#writes.destroy();
  }
}

function kyselyOn(connection: Database): Queries {
  return new Kysely<Schema>({ dialect: new SqliteDialect({ database: asKyselyDatabase(connection) }) });
}

function prepareFirstRow(reader: Database, sql: string) {
  const statement = reader.query<unknown, string[]>(sql);
  return (parameters: readonly string[]): Promise<unknown> => {
    try {
      return Promise.resolve(statement.get(...parameters) ?? undefined);
    } catch (error) {
      return Promise.reject(namedSqliteError(error));
    }
  };
}
