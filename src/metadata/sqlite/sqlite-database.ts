import type { Database } from "bun:sqlite";
import type { MetadataDatabase, Queries, TransactionOptions } from "../database.ts";
import { type FindFirstRow, type HotReads, prepareHotReads } from "../hot-reads.ts";
import { migrateToLatest } from "../migrate.ts";
import type { Schema } from "../schema.ts";
import { KyselyOnSqlite, leaveCheckpoints, openConnection, stopWaitingForLocks } from "./bun-sqlite.ts";
import { CheckpointThread } from "./checkpoint-thread.ts";
import { Checkpoints } from "./checkpoints.ts";
import { makeDatabaseFile, makeFolderOf } from "./database-folder.ts";
import { GroupCommit } from "./group-commit.ts";
import { type FindRow, RememberedRows, type SharedChanges } from "./remembered-rows.ts";
import { type FailureReport, namingFailures } from "./sqlite-error.ts";
import { WriteAheadLog } from "./write-ahead-log.ts";

/** For what is asked for again and again, such as the manifests of images that many nodes pull. */
const REMEMBERED_BYTES = 8 * 1024 * 1024;

export interface SqliteOptions {
  /** Needed where several processes serve the database: what one has committed is seen by the others at once. */
  readonly changes?: SharedChanges | undefined;
  /** Told of each read and each transaction that the database fails. */
  readonly report?: FailureReport | undefined;
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

interface SqliteParts extends SqliteOptions {
  readonly writer: Database;
  readonly writes: Queries;
  /** The connection that `reads` uses: for a database in memory, which only one can see, the writer. */
  readonly reader: Database;
  readonly reads: Queries;
  /** Absent for a database in memory, as is the next. */
  readonly log?: WriteAheadLog;
  readonly checkpoints?: Checkpoints;
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
  readonly #group: GroupCommit;
  /** Absent for a database in memory, as is the next. */
  readonly #log: WriteAheadLog | undefined;
  readonly #checkpoints: Checkpoints | undefined;

  static async open(path: string, options: SqliteOptions): Promise<SqliteMetadata> {
    if (path !== ":memory:") makeDatabaseFile(path);
    const writer = openConnection(path);
    const writes = kyselyOn(writer, path);
    await migrateToLatest(writes);
    stopWaitingForLocks(writer);
    if (path === ":memory:")
      return new SqliteMetadata(path, { writer, writes, reader: writer, reads: writes, ...options });
    const reader = openConnection(path);
    stopWaitingForLocks(reader);
    leaveCheckpoints(writer);
    const log = await WriteAheadLog.open(path);
    const checkpoints = new Checkpoints({ connection: reader, thread: new CheckpointThread({ databasePath: path }) });
    await checkpoints.start();
    const reads = kyselyOn(reader, path, options.report);
    return new SqliteMetadata(path, { writer, writes, reader, reads, log, checkpoints, ...options });
  }

  private constructor(path: string, parts: SqliteParts) {
    this.#writes = parts.writes;
    this.#connections = [parts.reader, parts.writer];
    this.reads = parts.reads;
    const { writer, reader, log, checkpoints, changes, report } = parts;
    // Of the writer: its number does not change with commits of its own, of which it is known when they are made.
    const version = writer.query("pragma data_version");
    const rows = new RememberedRows({ version: () => version.values()[0]?.[0], changes, maxBytes: REMEMBERED_BYTES });
    this.hot = prepareHotReads(parts.reads, (sql) => prepareFirstRow(reader, sql, { path, rows, report }));
    this.#log = log;
    this.#checkpoints = checkpoints;
    this.#group = new GroupCommit({
      connection: writer,
      queries: parts.writes,
      path,
      beforeWriting() {
        log?.requireIntact();
        return checkpoints?.beforeWriting();
      },
      written() {
        rows.forget();
        checkpoints?.written();
      },
      sync: async () => log?.sync(),
      report,
    });
  }

  transaction<T>(work: (queries: Queries) => Promise<T>, options: TransactionOptions = {}): Promise<T> {
    return this.#group.run(work, options.durable ?? true);
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

function kyselyOn(connection: Database, path: string, report?: FailureReport): Queries {
  return new KyselyOnSqlite<Schema>(connection, path, report);
}

interface HotReadParts {
  readonly path: string;
  readonly rows: RememberedRows;
  readonly report: FailureReport | undefined;
}

function prepareFirstRow(reader: Database, sql: string, { path, rows, report }: HotReadParts): FindFirstRow {
  const statement = reader.query<unknown, string[]>(sql);
  const find: FindRow = (first, second) => statement.get(first, second) ?? undefined;
  const found = rows.remembering(find);
  return (first, second) => namingFailures(path, () => found(first, second), report);
}
