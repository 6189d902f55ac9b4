import type { Database } from "bun:sqlite";
import { CompiledQuery, type DatabaseConnection, type SqliteDialectConfig, SqliteDriver } from "kysely";
import { isLocked, whenUnlocked } from "./when-unlocked.ts";

/** How long a transaction waits for another process that writes. */
const LOCK_WAIT_MS = 5000;

/** Begins and ends the transactions of one connection; waits for other processes without stopping this one. */
export class TransactionDriver extends SqliteDriver {
  readonly #connection: Database;
  /** Since a wait was in vain, and until a transaction begins again: those who queue behind it need not wait as long each. */
  #isLockedOut = false;

  constructor(config: SqliteDialectConfig, connection: Database) {
    super(config);
    this.#connection = connection;
  }

  override async beginTransaction(connection: DatabaseConnection): Promise<void> {
    // A deferred transaction would meet another's lock in its midst, where it cannot wait for it.
    const begin = () => connection.executeQuery(CompiledQuery.raw("begin immediate"));
    try {
      await whenUnlocked(begin, this.#isLockedOut ? 0 : LOCK_WAIT_MS);
      this.#isLockedOut = false;
    } catch (error) {
      this.#isLockedOut = isLocked(error);
      throw error;
    }
  }

  // After some failures, such as a full disk, SQLite has rolled back by itself; to say so would hide the failure.
  override async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    if (this.#connection.inTransaction) await super.rollbackTransaction(connection);
  }
}
