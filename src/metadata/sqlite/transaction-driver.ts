import type { Database } from "bun:sqlite";
import { type DatabaseConnection, type SqliteDialectConfig, SqliteDriver } from "kysely";

/** Begins and ends the transactions of one connection. */
export class TransactionDriver extends SqliteDriver {
  readonly #connection: Database;

  constructor(config: SqliteDialectConfig, connection: Database) {
    super(config);
    this.#connection = connection;
  }

  // After some failures, such as a full disk, SQLite has rolled back by itself; to say so would hide the failure.
  override async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    if (this.#connection.inTransaction) await super.rollbackTransaction(connection);
  }
}
