import { Database } from "bun:sqlite";
import { SqliteAdapter, type SqliteDatabase, SqliteDialect, type SqliteStatement } from "kysely";
import { namingFailures } from "./sqlite-error.ts";
import { TransactionDriver } from "./transaction-driver.ts";

// Of each connection. Bun keeps 20, which the texts of a push alone exceed; lists of all lengths make many more.
Database.MAX_QUERY_CACHE_SIZE = 200;

/** A connection with the settings every connection of ours has. Until {@link stopWaitingForLocks} it waits for locks of others. */
export function openConnection(path: string): Database {
  const connection = new Database(path, { create: true, readwrite: true });
  connection.run("pragma busy_timeout = 5000");
  connection.run("pragma journal_mode = wal");
  // A commit is appended to the log without waiting for the disk; SqliteDatabase syncs the log itself, off this thread.
  connection.run("pragma synchronous = normal");
  connection.run("pragma foreign_keys = on");
  connection.run("pragma temp_store = memory");
  connection.run("pragma cache_size = -16384");
  return connection;
}

/**
 * For a connection of a process that answers requests: SQLite would wait for another process' lock on the one thread that
 * there is. Transactions wait in {@link TransactionDriver}; readers meet a lock only while another process repairs the log.
 */
export function stopWaitingForLocks(connection: Database): void {
  connection.run("pragma busy_timeout = 0");
}

/** For a connection whose commits may not wait for the disk: somebody else has to keep the log short. */
export function leaveCheckpoints(connection: Database): void {
  connection.run("pragma wal_autocheckpoint = 0");
}

/** Kysely's SQLite over a connection of Bun's. A migration runs in a transaction: a crash leaves all of it or nothing. */
export class TransactionalSqliteDialect extends SqliteDialect {
  readonly #connection: Database;
  readonly #database: SqliteDatabase;

  /** @param path for messages */
  constructor(connection: Database, path: string) {
    const database = asKyselyDatabase(connection, path);
    super({ database });
    this.#connection = connection;
    this.#database = database;
  }

  override createDriver(): TransactionDriver {
    return new TransactionDriver({ database: this.#database }, this.#connection);
  }

  override createAdapter(): SqliteAdapter {
    return new TransactionalAdapter();
  }
}

class TransactionalAdapter extends SqliteAdapter {
  // SQLite can; Kysely does not count on it.
  override get supportsTransactionalDdl(): boolean {
    return true;
  }
}

/** Gives Kysely's SQLite dialect the shape it expects; the statements used last stay compiled. */
function asKyselyDatabase(connection: Database, path: string): SqliteDatabase {
  return {
    prepare: (sql) => namingFailures(path, () => asKyselyStatement(connection, sql, path)),
    close: () => connection.close(),
  };
}

function asKyselyStatement(connection: Database, sql: string, path: string): SqliteStatement {
  const statement = connection.query<unknown, never[]>(sql);
  return {
    reader: statement.columnNames.length > 0,
    all: (parameters) => namingFailures(path, () => statement.all(...(parameters as never[]))),
    run: (parameters) => namingFailures(path, () => statement.run(...(parameters as never[]))),
    iterate: (parameters) => namingFailures(path, () => statement.iterate(...(parameters as never[]))),
  };
}
