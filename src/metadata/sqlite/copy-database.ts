import { Database } from "bun:sqlite";
import { closeSync, openSync } from "node:fs";
import { namingFailures } from "./sqlite-error.ts";

/**
 * Writes the database as it is at one moment to a file of its own, beside a registry that serves it. Only its owner may read the copy,
 * as it has all that the database has.
 * @param to where nothing is yet
 * @throws MetadataError
 */
export function copyDatabase(path: string, to: string): void {
  closeSync(openSync(to, "wx", 0o600));
  namingFailures(path, () => {
    const connection = new Database(path, { readonly: true });
    try {
      connection.run("pragma busy_timeout = 5000");
      connection.query("vacuum into ?").run(to);
    } finally {
      connection.close();
    }
  });
}
