import { Database } from "bun:sqlite";
import type { Queries } from "../database.ts";
import { MetadataError } from "../metadata-error.ts";
import type { Schema } from "../schema.ts";
import { KyselyOnSqlite } from "./bun-sqlite.ts";
import { namingFailures } from "./sqlite-error.ts";

/** A database file that nothing is changed in, not even its tables for a newer version. */
export interface ReadOnlyMetadata {
  readonly reads: Queries;
  close(): Promise<void>;
}

/**
 * Opens a database file beside a registry that serves it, or a copy of one.
 * @throws MetadataError `unavailable` if it cannot be opened, `incompatible` if it is of a version before the audit trail
 */
export async function openSqliteForReading(path: string): Promise<ReadOnlyMetadata> {
  return namingFailures(path, async () => {
    const connection = new Database(path, { readonly: true });
    try {
      connection.run("pragma busy_timeout = 5000");
      requireAudit(connection, path);
    } catch (error) {
      connection.close();
      throw error;
    }
    const reads = new KyselyOnSqlite<Schema>(connection, path);
    return {
      reads,
      async close() {
        await reads.destroy();
        connection.close();
      },
    };
  });
}

function requireAudit(connection: Database, path: string): void {
  if (connection.query("select 1 from sqlite_schema where name = 'audit_anchors'").get()) return;
  const message = `${path} was written by a version without audit trail: start serve with this version first`;
  throw new MetadataError("incompatible", message);
}
