import { Database } from "bun:sqlite";
import {
  type Compilable,
  type CompiledQuery,
  Kysely,
  type QueryResult,
  SqliteAdapter,
  SqliteDialect,
  type SqliteDialectConfig,
  SqliteQueryCompiler,
} from "kysely";
import { ConnectionDriver, type RunQuery, runQueriesOn } from "./connection-driver.ts";
import { type RowsOf, rowsOfQueriesOn } from "./ready-statements.ts";
import type { FailureReport } from "./sqlite-error.ts";

// Of each connection. Bun keeps 20, which the texts of a push alone exceed; lists of all lengths make many more.
Database.MAX_QUERY_CACHE_SIZE = 200;

/** A connection with the settings every connection of ours has. Until {@link stopWaitingForLocks} it waits for locks of others. */
export function openConnection(path: string): Database {
  const connection = new Database(path, { create: true, readwrite: true });
  connection.run("pragma busy_timeout = 5000");
  connection.run("pragma journal_mode = wal");
  // A commit is appended to the log without waiting for the disk; the write-ahead log is synced off this thread.
  connection.run("pragma synchronous = normal");
  connection.run("pragma foreign_keys = on");
  connection.run("pragma temp_store = memory");
  connection.run("pragma cache_size = -16384");
  return connection;
}

/**
 * For a connection of a process that answers requests: SQLite would wait for another process' lock on the one thread that
 * there is. Transactions wait in {@link GroupCommit}; readers meet a lock only while another process repairs the log.
 */
export function stopWaitingForLocks(connection: Database): void {
  connection.run("pragma busy_timeout = 0");
}

/** For a connection whose commits may not wait for the disk: somebody else has to keep the log short. */
export function leaveCheckpoints(connection: Database): void {
  connection.run("pragma wal_autocheckpoint = 0");
}

/**
 * Kysely over a connection of Bun's. A migration runs in a transaction: a crash leaves all of it or nothing.
 * @param path for messages
 */
export class KyselyOnSqlite<Tables> extends Kysely<Tables> {
  readonly #run: RunQuery;
  readonly #rowsOf: RowsOf;

  constructor(connection: Database, path: string, report?: FailureReport) {
    const run = runQueriesOn(connection, path, report);
    super({ dialect: new ConnectionDialect(connection, run) });
    this.#run = run;
    this.#rowsOf = rowsOfQueriesOn(connection, path, report);
  }

  /** A compiled query needs nothing of what Kysely does around it, which takes longer than SQLite does. */
  override async executeQuery<Row>(query: CompiledQuery<Row> | Compilable<Row>): Promise<QueryResult<Row>> {
    return this.#run("compile" in query ? query.compile() : query);
  }

  /** As in `Queries`. */
  async rowsOf<Row>(query: CompiledQuery<Row>, values: readonly unknown[]): Promise<Row[]> {
    return this.#rowsOf(query, values);
  }
}

class ConnectionDialect extends SqliteDialect {
  readonly #connection: Database;
  readonly #run: RunQuery;

  constructor(connection: Database, run: RunQuery) {
    // Only its driver would use the settings, and we have our own.
    super({} as SqliteDialectConfig);
    this.#connection = connection;
    this.#run = run;
  }

  override createDriver(): ConnectionDriver {
    return new ConnectionDriver(this.#connection, this.#run);
  }

  override createAdapter(): SqliteAdapter {
    return new TransactionalAdapter();
  }

  override createQueryCompiler(): SqliteQueryCompiler {
    return new LastingQueryCompiler();
  }
}

/**
 * SQLite plans joins by what their parameters are, and compiles them anew each time that these are bound, which takes longer than
 * to run them. It does not look behind a plus, which changes nothing, not even of a text.
 */
class LastingQueryCompiler extends SqliteQueryCompiler {
  protected override getCurrentParameterPlaceholder(): string {
    return "+?";
  }
}

class TransactionalAdapter extends SqliteAdapter {
  // SQLite can; Kysely does not count on it.
  override get supportsTransactionalDdl(): boolean {
    return true;
  }
}
