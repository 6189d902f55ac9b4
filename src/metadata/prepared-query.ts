import type { Compilable, CompiledQuery } from "kysely";
import type { Queries } from "./database.ts";

/** Runs the query with these values; resolves to its rows, which are none where it returns none. */
export type PreparedQuery<Parameters, Row> = (queries: Queries, parameters: Parameters) => Promise<Row[]>;

/** Stands for a value while the query is compiled. */
class Placeholder {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

/**
 * A query for paths where it counts: it is built and compiled at its first use only, which otherwise costs more than SQLite does.
 * @param build takes values from `parameters` and puts them into the query, and does nothing else with them
 */
export function preparedQuery<Parameters extends object, Row>(
  build: (queries: Queries, parameters: Parameters) => Compilable<Row>,
): PreparedQuery<Parameters, Row> {
  let compiled: CompiledQuery<Row> | undefined;
  return (queries, parameters) => {
    compiled ??= build(queries, placeholders as Parameters).compile();
    const values = compiled.parameters.map((value) =>
      value instanceof Placeholder ? valueOf(parameters, value) : value,
    );
    return queries.rowsOf(compiled, values);
  };
}

const placeholders: unknown = new Proxy({}, { get: (_, name) => new Placeholder(String(name)) });

function valueOf(parameters: object, { name }: Placeholder): unknown {
  return (parameters as Record<string, unknown>)[name];
}

/** One query for every number of values that it is asked for with; there are few numbers, as lists go in groups. */
export function preparedByCount<Query>(prepare: (count: number) => Query): (count: number) => Query {
  const byCount = new Map<number, Query>();
  return (count) => {
    const query = byCount.get(count) ?? prepare(count);
    byCount.set(count, query);
    return query;
  };
}

/** Databases bound the number of parameters in a statement. */
export function* inGroups<T>(items: readonly T[], size = 500): Generator<readonly T[]> {
  for (let start = 0; start < items.length; start += size) yield items.slice(start, start + size);
}
