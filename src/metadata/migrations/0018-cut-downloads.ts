import { type Kysely, type Migration, sql } from "kysely";

/** How much of what was sent clients may not have got. */
export const cutDownloads: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await sql`alter table usage add column cut_bytes integer not null default 0`.execute(db);
  },
};
