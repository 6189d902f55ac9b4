import type { CompiledQuery, Kysely } from "kysely";
import type { HotReads } from "./hot-reads.ts";
import type { Schema } from "./schema.ts";

/** Runs queries: the database itself or one transaction of it. Every function of this room takes it first. */
export interface Queries extends Kysely<Schema> {
  /** The rows of a query that is asked again and again, with these values for its parameters. */
  rowsOf<Row>(query: CompiledQuery<Row>, values: readonly unknown[]): Promise<Row[]>;
}

/** The metadata of one registry. Functions of this room read through `reads` and write inside `transaction`. */
export interface MetadataDatabase {
  /** Sees committed rows only. */
  readonly reads: Queries;
  /** The look-ups that nearly every request makes, prepared once. */
  readonly hot: HotReads;

  /**
   * Runs `work` alone against all other writers and commits it, perhaps together with that of others; resolves when the
   * commit is durable. `work` waits for nothing but its own queries. What it throws undoes all that it did.
   * @throws MetadataError if the database fails
   */
  transaction<T>(work: (queries: Queries) => Promise<T>, options?: TransactionOptions): Promise<T>;

  /** Asks the database a trivial question. @throws MetadataError. For readiness. */
  check(): Promise<void>;

  close(): Promise<void>;
}

export interface TransactionOptions {
  /** `false`: a power cut may undo it. Only for what no client relies on afterwards, such as a session just started. */
  readonly durable?: boolean;
}
