import { Database } from "bun:sqlite";
import { Migrator } from "kysely";
import { migrations } from "../../src/metadata/migrations/index.ts";
import type { Schema } from "../../src/metadata/schema.ts";
import { KyselyOnSqlite } from "../../src/metadata/sqlite/bun-sqlite.ts";

/** A database in memory as a migration left it, to be filled and then migrated further. Whoever opens it destroys it. */
export class DatabaseAsOf {
  readonly connection = new Database(":memory:");
  readonly db: KyselyOnSqlite<Schema>;
  readonly #migrator: Migrator;

  private constructor() {
    this.connection.run("pragma foreign_keys = on");
    this.db = new KyselyOnSqlite<Schema>(this.connection, ":memory:");
    this.#migrator = new Migrator({ db: this.db, provider: migrations });
  }

  /** @throws when a migration fails */
  static async open(migration: string): Promise<DatabaseAsOf> {
    const opened = new DatabaseAsOf();
    await opened.migrateTo(migration);
    return opened;
  }

  async migrateTo(migration: string): Promise<void> {
    const { error } = await this.#migrator.migrateTo(migration);
    if (error !== undefined) throw error;
  }

  async migrateToLatest(): Promise<void> {
    const { error } = await this.#migrator.migrateToLatest();
    if (error !== undefined) throw error;
  }
}
