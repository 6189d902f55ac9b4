import type { Database, Statement } from "bun:sqlite";
import type { CompiledQuery } from "kysely";
import { type FailureReport, namingFailures } from "./sqlite-error.ts";

/** Runs a query that stays compiled, at once, with these values. */
export type RowsOf = <Row>(query: CompiledQuery<Row>, values: readonly unknown[]) => Row[];

interface ReadyStatement {
  readonly statement: Statement<never, never[]>;
  readonly isReader: boolean;
}

/** There are statements for many numbers of values, as lists have many lengths: those of long ones are left to Bun, which forgets some. */
const MOST_VALUES = 100;

/**
 * Keeps the statement of each query at hand. Bun finds it by its text and notes that it was used last, at each use.
 * @param path for messages
 */
export function rowsOfQueriesOn(connection: Database, path: string, report?: FailureReport): RowsOf {
  const statements = new WeakMap<object, ReadyStatement>();

  function ready(query: CompiledQuery): ReadyStatement {
    const known = statements.get(query);
    if (known) return known;
    const statement = connection.query<never, never[]>(query.sql);
    const made = { statement, isReader: statement.columnNames.length > 0 };
    if (query.parameters.length <= MOST_VALUES) statements.set(query, made);
    return made;
  }

  return (query, values) =>
    namingFailures(
      path,
      () => {
        const { statement, isReader } = ready(query);
        if (isReader) return statement.all(...(values as never[]));
        statement.run(...(values as never[]));
        return [];
      },
      report,
    );
}
