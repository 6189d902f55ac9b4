import type { Database } from "bun:sqlite";
import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { Kysely } from "kysely";
import type { MetadataDatabase, Queries, TransactionOptions } from "../database.ts";
import { type HotReads, prepareHotReads } from "../hot-reads.ts";
import { migrateToLatest } from "../migrate.ts";
import type { Schema } from "../schema.ts";
import { openConnection, TransactionalSqliteDialect } from "./bun-sqlite.ts";
import { namedSqliteError } from "./sqlite-error.ts";
import { WriteAheadLog } from "./write-ahead-log.ts";

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
  /** Absent for a database in memory. */
  readonly #log: WriteAheadLog | undefined;

  static async open(path: string): Promise<SqliteMetadata> {
    const writer = openConnection(path);
    const writes = kyselyOn(writer);
    await migrateToLatest(writes);
    if (path === ":memory:") return new SqliteMetadata(writes, writes, writer, undefined);
    const reader = openConnection(path);
    return new SqliteMetadata(writes, kyselyOn(reader), reader, await WriteAheadLog.open(path));
  }

  private constructor(writes: Queries, reads: Queries, reader: Database, log: WriteAheadLog | undefined) {
    this.#writes = writes;
    this.reads = reads;
    this.hot = prepareHotReads(reads, (sql) => prepareFirstRow(reader, sql));
    this.#log = log;
  }

  async transaction<T>(work: (queries: Queries) => Promise<T>, options: TransactionOptions = {}): Promise<T> {
    try {
      this.#log?.requireIntact();
      const result = await this.#writes.transaction().execute(work);
      if (options.durable !== false) await this.#log?.sync();
      return result;
    } catch (error) {
      throw namedSqliteError(error);
    }
  }

  async check(): Promise<void> {
    try {
      this.#log?.requireIntact();
      await this.reads.selectFrom("repositories").select("id").limit(1).execute();
    } catch (error) {
      throw namedSqliteError(error);
    }
  }

  async close(): Promise<void> {
    await this.#log?.sync().finally(() => this.#log?.close());
    if (this.reads !== this.#writes) await this.reads.destroy();
    await this.#writes.destroy();
  }
}

function kyselyOn(connection: Database): Queries {
  return new Kysely<Schema>({ dialect: new TransactionalSqliteDialect(connection) });
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
