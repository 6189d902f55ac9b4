import { Migrator } from "kysely";
import type { Queries } from "./database.ts";
import { MetadataError } from "./metadata-error.ts";
import { MIGRATION_NAMES, migrations } from "./migrations/index.ts";

/**
 * Brings the tables up to date, all of it or nothing.
 * @throws MetadataError `incompatible` if a newer version of the program has changed this database
 */
export async function migrateToLatest(queries: Queries): Promise<void> {
  const migrator = new Migrator({ db: queries, provider: migrations, allowUnorderedMigrations: false });
  const { error } = await migrator.migrateToLatest();
  if (error === undefined) return;
  const unknown = await unknownMigration(queries);
  if (unknown === undefined) throw error;
  throw new MetadataError(
    "incompatible",
    `the database was written by a newer version (it has migration ${unknown}): start that version, or restore a backup`,
    { cause: error },
  );
}

async function unknownMigration(queries: Queries): Promise<string | undefined> {
  const applied = await queries
    .withTables<{ kysely_migration: { name: string } }>()
    .selectFrom("kysely_migration")
    .select("name")
    .execute();
  return applied.map((row) => row.name).find((name) => !MIGRATION_NAMES.includes(name));
}
