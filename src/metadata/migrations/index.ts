import type { Migration, MigrationProvider } from "kysely";
import { core } from "./0001-core.ts";

/** In the order they are applied; a migration that was released is never changed. */
const MIGRATIONS: Record<string, Migration> = {
  "0001-core": core,
};

export const migrations: MigrationProvider = {
  getMigrations: () => Promise.resolve(MIGRATIONS),
};

export const MIGRATION_NAMES: readonly string[] = Object.keys(MIGRATIONS);
