import { type Kysely, type Migration, sql } from "kysely";

/** Who begins to sign in at a provider keeps what is needed for it in a sealed cookie; nothing of them is kept here. */
export const sealedSignIns: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await sql`drop table pending_sign_ins`.execute(db);
  },
};
