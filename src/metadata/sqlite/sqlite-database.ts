import type { Database } from "bun:sqlite";
import { Kysely } from "kysely";
import type { MetadataDatabase, Queries, TransactionOptions } from "../database.ts";
import { type FindFirstRow, type HotReads, prepareHotReads } from "../hot-reads.ts";
import { migrateToLatest } from "../migrate.ts";
import type { Schema } from "../schema.ts";
import { leaveCheckpoints, openConnection, stopWaitingForLocks, TransactionalSqliteDialect } from "./bun-sqlite.ts";
import { CheckpointThread } from "./checkpoint-thread.ts";
import { Checkpoints } from "./checkpoints.ts";
import { makeFolderOf } from "./database-folder.ts";
import { type FindRow, RememberedRows, type SharedChanges } from "./remembered-rows.ts";
import { namingFailures } from "./sqlite-error.ts";
import { WriteAheadLog } from "./write-ahead-log.ts";

/** For what is asked for again and again, such as the manifests of images that many nodes pull. */
const REMEMBERED_BYTES = 8 * 1024 * 1024;

export interface SqliteOptions {
  /** Needed where several processes serve the database: what one has committed is seen by the others at once. */
  readonly changes?: SharedChanges | undefined;
}

/**
 * Opens the database file, creating it and its folder if need be, and brings its tables up to date.
 * @param path a file, or `:memory:` for a database that ends with the process
 * @throws MetadataError
 */
export async function openSqlite(path: string, options: SqliteOptions = {}): Promise<MetadataDatabase> {
  if (path !== ":memory:") await makeFolderOf(path);
  return namingFailures(path, () => SqliteMetadata.open(path, options));
}

interface SqliteParts {
  readonly writer: Database;
  readonly writes: Queries;
  /** The connection that `reads` uses: for a database in memory, which only one can see, the writer. */
  readonly reader: Database;
  readonly reads: Queries;
  /** Absent for a database in memory, as is the next. */
  readonly log?: WriteAheadLog;
  readonly checkpoints?: Checkpoints;
  readonly changes: SharedChanges | undefined;
}

/**
 * One connection writes, another reads, so that a reader never sees what is not yet committed.
 * Commits append to the write-ahead log; the log is then synced once for all that committed in the meantime.
 */
class SqliteMetadata implements MetadataDatabase {
  readonly reads: Queries;
  readonly hot: HotReads;
  readonly #writes: Queries;
  readonly #connections: readonly Database[];
  readonly #rows: RememberedRows;
  readonly #path: string;
  /** Absent for a database in memory, as is the next. */
  readonly #log: WriteAheadLog | undefined;
  readonly #checkpoints: Checkpoints | undefined;

  static async open(path: string, { changes }: SqliteOptions): Promise<SqliteMetadata> {
    const writer = openConnection(path);
    const writes = kyselyOn(writer, path);
    await migrateToLatest(writes);
    stopWaitingForLocks(writer);
    if (path === ":memory:")
      return new SqliteMetadata(path, { writer, writes, reader: writer, reads: writes, changes });
    const reader = openConnection(path);
    stopWaitingForLocks(reader);
    leaveCheckpoints(writer);
    const log = await WriteAheadLog.open(path);
    const checkpoints = new Checkpoints({ connection: reader, thread: new CheckpointThread({ databasePath: path }) });
    const reads = kyselyOn(reader, path);
    return new SqliteMetadata(path, { writer, writes, reader, reads, log, checkpoints, changes });
  }

  private constructor(path: string, parts: SqliteParts) {
    this.#writes = parts.writes;
    this.#connections = [parts.reader, parts.writer];
    this.reads = parts.reads;
    const { reader, changes } = parts;
    const version = reader.query("pragma data_version");
    this.#rows = new RememberedRows({ version: () => version.values()[0]?.[0], changes, maxBytes: REMEMBERED_BYTES });
    this.hot = prepareHotReads(parts.reads, (sql) => prepareFirstRow(reader, sql, path, this.#rows));
    this.#path = path;
    this.#log = parts.log;
    this.#checkpoints = parts.checkpoints;
  }

  async transaction<T>(work: (queries: Queries) => Promise<T>, options: TransactionOptions = {}): Promise<T> {
    this.#log?.requireIntact();
    const checkpoint = namingFailures(this.#path, () => this.#checkpoints?.beforeWriting());
    if (checkpoint) await checkpoint;
    const committed = this.#writes.transaction().execute(work);
    const result = await committed.finally(() => this.#rows.forget());
    namingFailures(this.#path, () => this.#checkpoints?.written());
    if (options.durable !== false) await this.#log?.sync();
    return result;
  }

  async check(): Promise<void> {
    await this.#log?.check();
    await this.reads.selectFrom("repositories").select("id").limit(1).execute();
  }

  async close(): Promise<void> {
    try {
      await this.#log?.close();
    } finally {
      await this.#checkpoints?.close();
      await this.reads.destroy();
      await this.#writes.destroy();
      // Kysely closes no connection that it has not used.
      for (const connection of this.#connections) connection.close();
    }
  }
}

function kyselyOn(connection: Database, path: string): Queries {
  return new Kysely<Schema>({ dialect: new TransactionalSqliteDialect(connection, path) });
}

function prepareFirstRow(reader: Database, sql: string, path: string, rows: RememberedRows): FindFirstRow {
  const statement = reader.query<unknown, string[]>(sql);
  const find: FindRow = (first, second) => statement.get(first, second) ?? undefined;
  const found = rows.remembering(find);
  return (first, second) => namingFailures(path, () => found(first, second));
}
