import type { Database, Statement } from "bun:sqlite";
import type { CompiledQuery, DatabaseConnection, Driver, QueryResult } from "kysely";
import { type FailureReport, namingFailures } from "./sqlite-error.ts";

/** Runs a compiled query at once. The statements used last stay compiled. */
export type RunQuery = <Row>(query: Pick<CompiledQuery<Row>, "sql" | "parameters">) => QueryResult<Row>;

/** @param path for messages */
export function runQueriesOn(connection: Database, path: string, report?: FailureReport): RunQuery {
  const readers = new WeakMap<Statement, boolean>();

  function isReader(statement: Statement): boolean {
    const known = readers.get(statement);
    if (known !== undefined) return known;
    const isReader = statement.columnNames.length > 0;
    readers.set(statement, isReader);
    return isReader;
  }

  return <Row>({ sql, parameters }: Pick<CompiledQuery<Row>, "sql" | "parameters">) =>
    namingFailures(
      path,
      (): QueryResult<Row> => {
        const statement = connection.query<Row, never[]>(sql);
        const values = parameters as never[];
        if (isReader(statement)) return { rows: statement.all(...values) };
        const { changes, lastInsertRowid } = statement.run(...values);
        return { rows: [], numAffectedRows: BigInt(changes), insertId: BigInt(lastInsertRowid) };
      },
      report,
    );
}

/**
 * Kysely's way to one connection, which several may use at once: a query has ended before another begins. Who begins a
 * transaction sees to it that nobody else does.
 */
export class ConnectionDriver implements Driver {
  readonly #connection: Database;
  readonly #queries: DatabaseConnection;

  constructor(connection: Database, run: RunQuery) {
    this.#connection = connection;
    this.#queries = {
      executeQuery: async (query) => run(query),
      streamQuery: () => {
        throw new Error("a query on SQLite gives all its rows at once");
      },
    };
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<DatabaseConnection> {
    return this.#queries;
  }

  async beginTransaction(): Promise<void> {
    // A deferred transaction would meet another's lock in its midst, where it cannot wait for it.
    this.#connection.run("begin immediate");
  }

  async commitTransaction(): Promise<void> {
    this.#connection.run("commit");
  }

  // After some failures, such as a full disk, SQLite has rolled back by itself; to say so would hide the failure.
  async rollbackTransaction(): Promise<void> {
    if (this.#connection.inTransaction) this.#connection.run("rollback");
  }

  async releaseConnection(): Promise<void> {}

  async destroy(): Promise<void> {}
}
